// GET /: the description of the server as a page, made whole on the server: no script, nothing fetched. Its content
// security policy holds it to that.
import { version } from '../version.js';
import { openApi } from './openapi.js';
import { type Operation, operations } from './operations.js';
import { schemas } from './schemas.js';

export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** @param models names, for the examples */
export function apiPage(models: readonly string[]): string {
  const { components } = openApi({ hasToken: false }) as { components: { schemas: Record<string, unknown> } };
  const rows = operations.map(operationRow).join('\n');
  const shapes = Object.keys(schemas)
    .map(
      (name) =>
        `<h3 id="${name}">${name}</h3>\n<pre>${html(JSON.stringify(components.schemas[name], null, 2))}</pre>`,
    )
    .join('\n');
  const list = models.map((name) => `<li><a href="v2/models/${html(name)}">${html(name)}</a></li>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bitrow serve</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>bitrow serve <small>${html(version)}</small></h1>
<p>Click-through-rate models over HTTP. Machines read <a href="openapi.json">openapi.json</a> and <a href="metrics">metrics</a>.</p>
<h2>Models</h2>
<ul>${list}</ul>
<h2>Ask</h2>
<pre>curl -H 'content-type: application/json' http://HOST/predict/${html(models[0] ?? 'NAME')} -d '[{"COLUMN": "VALUE"}]'</pre>
<h2>Addresses</h2>
<table>
<thead><tr><th>method</th><th>path</th><th></th><th>request</th><th>response</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
<h2>Shapes</h2>
${shapes}
</main>
</body>
</html>
`;
}

function operationRow({ method, path, summary, request, response }: Operation): string {
  const link = (name: string) => `<a href="#${name}">${name}</a>`;
  const answer = typeof response === 'string' ? link(response) : html(response.type);
  return `<tr><td>${method.toUpperCase()}</td><td><code>${html(path)}</code></td><td>${html(summary)}</td><td>${request ? link(request) : ''}</td><td>${answer}</td></tr>`;
}

function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
small { font-weight: normal; opacity: 0.6; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
pre { overflow-x: auto; padding: 0.75rem; background: color-mix(in srgb, currentColor 7%, transparent); border-radius: 4px; }
`;
