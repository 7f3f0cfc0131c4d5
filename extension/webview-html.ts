/** What a page is made of. */
export interface PageParts {
  title: string;
  /** Sources that the editor serves files of the extension from. */
  cspSource: string;
  script: string;
  style: string;
  /** Random, new for every page. */
  nonce: string;
}

/**
 * The document of a webview: its own script and style sheet, and nothing else may run or be fetched. The components set
 * their styles through the CSS object model, which needs no permission.
 */
export function webviewHtml({ title, cspSource, script, style, nonce }: PageParts): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${cspSource}; font-src ${cspSource}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}
