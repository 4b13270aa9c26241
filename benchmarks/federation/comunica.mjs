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
    const query = JSON.parse(line);
    const stream = await engine.queryBindings(query, { sources });
    const names = query.slice(0, query.indexOf('{')).match(/\?\w+/g).map((name) => name.slice(1));
    const rows = (await stream.toArray()).map((b) => names.map((name) => b.get(name)?.value ?? ''));
    console.log(JSON.stringify({ ms: performance.now() - start, rows }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error).slice(0, 200) }));
  }
}
