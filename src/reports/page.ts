// A page that is one file: it loads nothing, runs nothing, and reads well on a light screen, a dark one and on paper.
import { escapeHtml } from './escape.js';

const style = `
:root{color-scheme:light dark;--text:#1b1b1f;--quiet:#5c5c66;--line:#d7d7de;--shade:#f5f5f8;--page:#fff;--accent:#0072b2}
@media (prefers-color-scheme:dark){:root{--text:#e4e4e8;--quiet:#a3a3ad;--line:#3b3b44;--shade:#25252b;--page:#1b1b1f;--accent:#6db9e8}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:72rem;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.2rem;margin:2.75rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.75rem 0 .25rem}
p{margin:.5rem 0;max-width:48rem}
a{color:var(--accent)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86em}
code{overflow-wrap:anywhere}
td:first-child{white-space:normal;min-width:7rem}
td code{overflow-wrap:normal}
pre{background:var(--shade);padding:.7rem .9rem;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.8rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .55rem;text-align:left;vertical-align:baseline;white-space:nowrap;border-bottom:1px solid var(--line)}
th{font-weight:600;vertical-align:bottom;border-bottom:2px solid var(--line)}
th:first-child,td:first-child{padding-left:0}
.right,.interval{text-align:right}
th,.interval{white-space:normal}
.wide{white-space:normal;min-width:22rem}
figure{margin:1.25rem 0}
figure svg{display:block;max-width:100%;height:auto}
figcaption{font-size:.88rem;color:var(--quiet);max-width:48rem;margin-top:.4rem}
figcaption strong{color:var(--text)}
summary{cursor:pointer}
.quiet{color:var(--quiet);font-size:.9rem}
ul{margin:.5rem 0;padding-left:1.2rem}
@media print{body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}figure,tr{break-inside:avoid}}
`;

export interface Page {
  /** Text. */
  readonly title: string;
  /** HTML, escaped where it has text of others. */
  readonly body: string;
}

/** A whole HTML document. Its policy forbids to load or run anything, whatever is in it. */
export function htmlPage({ title, body }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}
