// Microsoft's Node client for Kusto (azure-kusto-data), and applications that sign in through it.
'use strict';
const assert = require('node:assert/strict');
const { pathToFileURL } = require('node:url');
const { LogsIngestionClient } = require('@azure/monitor-ingestion');
const { at, credential, place, run } = require('./place.js');

const ROWS = 100000;
let kusto; // the package is an ES module

function client(builder = kusto.KustoConnectionStringBuilder.withTokenCredential(place.endpoint, credential())) {
  return new kusto.Client(builder);
}

async function first(text, properties) {
  const { primaryResults: [table] } = await client().execute('default', text, properties);
  return { columns: table.columns.map((c) => [c.name, c.type]), rows: [...table.rows()].map((row) => row.raw ?? row.toJSON()) };
}

const checks = {
  async rows_have_their_types() {
    const { columns, rows } = await first("range x from 1 to 2 step 1 | extend d = datetime(2026-01-02), t = 1h, j = dynamic({'a': [1]}), s = 'é', b = true, r = 1.5, n = int(null)");
    assert.deepEqual(columns, [['x', 'long'], ['d', 'datetime'], ['t', 'timespan'], ['j', 'dynamic'], ['s', 'string'],
      ['b', 'bool'], ['r', 'real'], ['n', 'int']]);
    assert.equal(rows.length, 2);
  },

  async several_results_and_their_names() {
    const { primaryResults } = await client().execute('default', "print a = 1; print b = 'x'");
    assert.deepEqual(primaryResults.map((table) => table.columns[0].name), ['a', 'b']);
  },

  async parameters_and_options() {
    const properties = new kusto.ClientRequestProperties();
    properties.setParameter('who', "o'brien");
    properties.setTimeout(20000);
    properties.clientRequestId = 'test;2';
    const { rows } = await first('declare query_parameters(who:string); print w = who', properties);
    assert.deepEqual(rows, [["o'brien"]]);
    const bounded = new kusto.ClientRequestProperties();
    bounded.setOption('query_take_max_records', 2);
    assert.equal((await first('range x from 1 to 10 step 1', bounded)).rows.length, 2);
  },

  async commands_of_management() {
    await new LogsIngestionClient(place.endpoint, credential()).upload(place.rule, 'Microsoft-Heartbeat',
      [{ TimeGenerated: at(0), Computer: 'a' }]);
    const names = (await first('.show tables')).rows.map((row) => row[0]);
    assert.ok(names.includes('Heartbeat'), names.join());
  },

  async a_query_of_version_one() {
    const { primaryResults: [table] } = await client().executeQueryV1('default', 'print x = 7');
    assert.equal([...table.rows()][0].x, 7);
  },

  async errors_keep_their_words() {
    for (const [text, words] of [['print nope', /nope/], ['print (', /Syntax error/]]) {
      await assert.rejects(client().execute('default', text), (problem) => {
        assert.equal(problem.response.status, 400);
        assert.match(problem.response.data.error['@message'], words);
        assert.equal(problem.response.data.error['@permanent'], true);
        return true;
      });
    }
  },

  async a_token_that_is_none_is_refused() {
    const builder = kusto.KustoConnectionStringBuilder.withAccessToken(place.endpoint, 'x.y.z');
    await assert.rejects(client(builder).execute('default', 'print 1'), (problem) => problem.response.status === 401);
  },

  async many_rows_go_in_and_come_out() {
    const records = Array.from({ length: ROWS }, (_, i) =>
      ({ TimeGenerated: at(0), Computer: `host-${i}`, OSType: 'Linux', ComputerIP: `10.0.${i >> 8 & 255}.${i & 255}` }));
    await new LogsIngestionClient(place.endpoint, credential()).upload(place.rule, 'Microsoft-Heartbeat', records);
    const { rows } = await first("Heartbeat | where Computer startswith 'host-' | summarize count(), dcount(Computer, 4), count_distinct(Computer)");
    assert.deepEqual([rows[0][0], rows[0][2]], [ROWS, ROWS]);
    const all = await first("Heartbeat | where Computer startswith 'host-' | project Computer");
    assert.equal(new Set(all.rows.map((row) => row[0])).size, ROWS);
  },
};

// import() does not look where NODE_PATH says.
import(pathToFileURL(require.resolve('azure-kusto-data'))).then((found) => {
  kusto = found;
  return run(checks);
});
