// Comunica as engines.py runs the others. Run: node comunica.mjs PACKAGE_DIRECTORY LOCAL_URL
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [directory, local] = process.argv.slice(2);
const { QueryEngine } = createRequire(`${directory}/`)('@comunica/query-sparql');
const engine = new QueryEngine();
const sources = [{ type: 'file', value: local }];
await (await engine.queryBindings('SELECT * { ?s ?p ?o } LIMIT 1', { sources })).toArray();
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const start = performance.now();
  try {
    const stream = await engine.queryBindings(JSON.parse(line), { sources });
    const { variables } = await stream.metadata?.() ?? {};
    const names = (variables ?? []).map((v) => (v.variable ?? v).value);
    const rows = (await stream.toArray()).map((b) => names.map((n) => b.get(n)?.value ?? ''));
    console.log(JSON.stringify({ ms: performance.now() - start, rows: rows.sort() }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error).slice(0, 200) }));
  }
}
