// The page around the chat: nothing but our own script and style may run or load in it. In: the webview. Out: HTML.
import { randomBytes } from 'node:crypto';
import { Uri, type Webview, type WebviewOptions } from 'vscode';

export function optionsOf(extension: Uri): WebviewOptions {
  return { enableScripts: true, enableForms: false, localResourceRoots: [Uri.joinPath(extension, 'dist')] };
}

export function pageOf(webview: Webview, extension: Uri): string {
  const of = (name: string) => webview.asWebviewUri(Uri.joinPath(extension, 'dist', name)).toString();
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${of('chat.css')}">
<title>pi</title>
</head>
<body>
<main id="pi"></main>
<script nonce="${nonce}" src="${of('main.js')}"></script>
</body>
</html>`;
}
