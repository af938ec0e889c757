// What the official language service says of queries: JSON lines {"id","query"} on standard input, a
// line {"id","columns":[{"name","type"}]} or {"id","errors":[…],"places":[{"code","start","length","message"}]}
// for each; places count code points. The first line is {"tables":{"T":[["column","type"],…]}}.
'use strict';
const readline = require('readline');
require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');

const { KustoCode, GlobalState, Symbols } = Kusto.Language;
const quoted = name => `['${name.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}']`;

function globalsOf(tables) {
  const symbols = Object.entries(tables).map(([name, columns]) => {
    const schema = columns.map(([column, type]) => `${quoted(column)}: ${type}`).join(', ');
    return Symbols.TableSymbol.From(`(${schema})`).WithName(name);
  });
  const database = new Symbols.DatabaseSymbol.ctor('db', symbols);
  return GlobalState.Default.WithDatabase(database);
}

const pointsIn = (text, units) => [...text.slice(0, units)].length;

function answer(globals, query) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const list = code.GetDiagnostics();
  const errors = [];
  const places = [];
  for (let i = 0; i < list.Count; i++) {
    const one = list.getItem(i);
    if (one.Severity !== 'Error') continue;
    const start = pointsIn(query, one.Start);
    const length = pointsIn(query, one.Start + one.Length) - start;
    errors.push(`${one.Code}: ${one.Message}`);
    places.push({ code: one.Code, start, length, message: one.Message });
  }
  if (errors.length > 0) return { errors, places };
  const type = code.ResultType;
  if (!type || type.Columns === undefined) return { columns: null };
  const columns = [];
  for (let i = 0; i < type.Columns.Count; i++) {
    const column = type.Columns.getItem(i);
    columns.push({ name: column.Name, type: column.Type.Name });
  }
  return { columns, open: Boolean(type.IsOpen) };
}

let globals = null;
readline.createInterface({ input: process.stdin }).on('line', line => {
  const ask = JSON.parse(line);
  if (ask.tables) {
    globals = globalsOf(ask.tables);
    return;
  }
  let found;
  try {
    found = answer(globals, ask.query);
  } catch (error) {
    found = { errors: [`crash: ${error.message}`] };
  }
  process.stdout.write(JSON.stringify({ id: ask.id, ...found }) + '\n');
});
