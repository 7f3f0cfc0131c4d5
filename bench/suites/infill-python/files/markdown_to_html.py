import html
import re
import sys

BOLD = re.compile(r"\*\*(.+?)\*\*")
ITALIC = re.compile(r"\*(.+?)\*")
CODE = re.compile(r"`(.+?)`")
LINK = re.compile(r"\[(.+?)\]\((.+?)\)")


def inline(text):
    text = html.escape(text)
    text = CODE.sub(r"<code>\1</code>", text)
    text = BOLD.sub(r"<strong>\1</strong>", text)
    text = ITALIC.sub(r"<em>\1</em>", text)
    text = LINK.sub(r'<a href="\2">\1</a>', text)
    return text


def heading(line):
    level = len(line) - len(line.lstrip("#"))
    content = line[level:].strip()
    return f"<h{level}>{inline(content)}</h{level}>"


def convert(source):
    output = []
    paragraph = []
    in_list = False

    def flush():
        if paragraph:
            output.append("<p>" + inline(" ".join(paragraph)) + "</p>")
            paragraph.clear()

    for line in source.splitlines():
        if line.startswith("#"):
            flush()
            output.append(heading(line))
        elif line.startswith("- "):
            flush()
            if not in_list:
                output.append("<ul>")
                in_list = True
            output.append(f"<li>{inline(line[2:])}</li>")
        else:
            if in_list:
                output.append("</ul>")
                in_list = False
            if line.strip():
                paragraph.append(line.strip())
            else:
                flush()
    flush()
    if in_list:
        output.append("</ul>")
    return "\n".join(output)


if __name__ == "__main__":
    print(convert(sys.stdin.read()))
