import logging
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

logger = logging.getLogger(__name__)

FEEDS = [
    "https://example.com/news.xml",
    "https://example.org/blog/rss",
]


def download(url, retries=3, timeout=10):
    """Return the body of the URL, trying a few times before giving up."""
    for attempt in range(retries):
        try:
            with urllib.request.urlopen(url, timeout=timeout) as response:
                return response.read()
        except urllib.error.URLError as error:
            logger.warning("attempt %d for %s failed: %s", attempt + 1, url, error)
            time.sleep(2 ** attempt)
    return None


def parse_feed(data):
    root = ET.fromstring(data)
    entries = []
    for item in root.iter("item"):
        title = item.findtext("title", default="")
        link = item.findtext("link", default="")
        entries.append({"title": title.strip(), "link": link.strip()})
    return entries


def fetch_all(urls, workers=4):
    results = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        for url, data in zip(urls, pool.map(download, urls)):
            if data is None:
                logger.error("could not fetch %s", url)
                continue
            try:
                results[url] = parse_feed(data)
            except ET.ParseError:
                logger.error("%s is not valid XML", url)
    return results


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    start = time.time()
    for url, entries in fetch_all(FEEDS).items():
        print(url, len(entries))
        for entry in entries[:5]:
            print("  ", entry["title"])
    print(f"done in {time.time() - start:.1f} s")
