// Advanced hunting: writing, running, reading, drawing, saving queries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { Portal, place } from './portal.mjs';

// The page with this text in its editor; a tab of its own, so that nothing else is in it.
async function write(portal, text) {
  const { page } = portal;
  // What other tests wrote is the same person's: the server's copy is not there for these.
  await page.route('**/preferences/hunting.*', (route) =>
    (route.request().method() === 'GET' ? route.fulfill({ status: 404, body: '{}' }) : route.continue()));
  await portal.goto('/hunting', 'Advanced hunting');
  await rewrite(page, text);
}
// The same on the page as it is.
async function rewrite(page, text) {
  const editor = page.getByTestId('kql-editor').locator('textarea').first();
  await editor.waitFor({ state: 'attached' });
  await editor.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
  await page.getByRole('button', { name: 'Run query' }).isEnabled();
}
const colours = (chart) => chart.locator('canvas').evaluate((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 0) found.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
  return found.size;
});
const run = (page) => page.getByRole('button', { name: 'Run query' }).click();
const results = (page) => page.getByRole('grid', { name: 'Results' });
const saved = async (page, choose) => {
  const [file] = await Promise.all([page.waitForEvent('download'), choose()]);
  return [file.suggestedFilename(), readFileSync(await file.path())];
};
async function exported(page, name) {
  await page.getByRole('button', { name: 'Export' }).click();
  return saved(page, () => page.getByRole('menuitem', { name }).click());
}

export const tests = {
  async a_hunt_becomes_a_saved_query_and_a_rule(portal) {
    const { page } = portal;
    await write(portal, 'datatable(User:string, Tries:long)["ann", 3, "bob", 9]\n| where Tries > 5');
    await page.keyboard.press('Shift+Enter');
    await results(page).getByText('bob').waitFor();
    assert.equal(await results(page).getByText('ann').count(), 0);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Save as query' }).click();
    await page.getByLabel('Name', { exact: false }).last().fill('Many tries');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Many tries saved').first().waitFor();
    const searches = await portal.api('GET', `${place.arm}/savedSearches?api-version=2020-08-01`);
    assert.ok(searches.value.some((s) => s.properties.displayName === 'Many tries'));
    await page.getByRole('tab', { name: 'Queries' }).click();
    await page.getByRole('treeitem', { name: 'Many tries' }).waitFor();
    await page.getByRole('button', { name: 'Create detection rule' }).click();
    await page.waitForURL(/\/portal\/rules\/new\?query=datatable/);
  },
  async mistakes_are_underlined_as_you_type_and_where_the_server_finds_them(portal) {
    const { page } = portal;
    await write(portal, '\n\nSigninLogs\n| wehre 1 == 1');
    await page.locator('.squiggly-error').first().waitFor();
    await run(page);
    await page.getByRole('alert').getByText(/Line 4, column 3/).waitFor();
    portal.said = portal.said.filter((line) => !/status of 400/.test(line));
  },
  async columns_of_live_tables_are_offered(portal) {
    const { page } = portal;
    await write(portal, 'SigninLogs | where ResultT');
    await page.locator(`[data-testid=kql-editor][data-schema="${place.workspaceName}"]`).waitFor();
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget').getByText('ResultType').first().waitFor();
  },
  async a_million_rows_scroll_sort_and_filter(portal) {
    const { page } = portal;
    await write(portal, 'range i from 1 to 1000000 step 1 | extend Text = strcat("v", i), User = i % 500');
    await run(page);
    await page.getByText(/^1,000,000 items/).waitFor({ timeout: 60_000 });
    await results(page).focus();
    await page.keyboard.press('Control+End');
    await page.locator('[aria-rowindex="1000001"]').waitFor();
    await page.keyboard.press('Control+Home');
    await page.locator('[aria-rowindex="2"]').waitFor();
    assert.ok(await results(page).getByRole('row').count() < 80);
    await page.getByLabel('Filter Text').fill('v99999');
    await page.getByText('11 of 1,000,000 items').waitFor();
  },
  async cancel_ends_the_query_on_the_server(portal) {
    const { page } = portal;
    await write(portal, 'range a from 1 to 100000000 step 1 | extend b = hash_sha256(strcat(a, "x"))'
      + ' | summarize dcount(b, 4) by bin(a, 7)');
    await run(page);
    await page.getByText(/Running for/).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled', { exact: true }).waitFor();
    await portal.until(async () => {
      const metrics = await (await fetch(`${place.api}/metrics`, {
        headers: { Authorization: `Bearer ${place.operator}` } })).text();
      return /^vedette_queries_pending 0$/m.test(metrics) || !/vedette_queries_pending/.test(metrics);
    }, 'the end of the query');
  },
  async each_kind_of_render_draws(portal) {
    const { page } = portal;
    const rows = 'datatable(T:datetime, Name:string, N:long)[datetime(2026-01-01), "a", 3, datetime(2026-01-01), "b", 1, '
      + 'datetime(2026-01-02), "a", 5, datetime(2026-01-02), "b", 2]';
    const by = { piechart: '| summarize N = sum(N) by Name', treemap: '| summarize N = sum(N) by Name',
      columnchart: '| project Name, N', barchart: '| project Name, N', scatterchart: '| project N, M = N * 2',
      ladderchart: '| project Name, T, End = T + 1d * N', pivotchart: '' };
    await write(portal, 'print 1');
    for (const kind of ['timechart', 'linechart', 'areachart', 'stackedareachart', 'columnchart', 'barchart',
      'piechart', 'scatterchart', 'treemap', 'anomalychart', 'ladderchart', 'pivotchart']) {
      await rewrite(page, `${rows}\n${by[kind] ?? ''} | render ${kind} with (title="T ${kind}", legend=visible)`);
      await run(page);
      const chart = page.getByRole('img', { name: kind === 'pivotchart' ? /^Column chart/ : new RegExp(`^${kind.slice(0, 3)}.*of the results`, 'i') });
      await chart.locator('canvas').waitFor();
      await portal.until(async () => (await colours(chart)) > 3, `${kind} in colours`);
      if (place.pictures) await portal.shot(`chart-${kind}`);
    }
    await rewrite(page, 'print Total = 41 | render card with (title="All")');
    await run(page);
    await page.locator('main').getByText('41', { exact: true }).last().waitFor();
    await page.locator('main').getByText('All', { exact: true }).last().waitFor();
  },
  async properties_of_render_are_honoured(portal) {
    const { page } = portal;
    const rows = 'datatable(Name:string, A:long, B:long)["x", 1, 3, "y", 2, 6, "z", 0, 5]';
    const values = async (properties, kind = 'columnchart') => {
      await rewrite(page, `${rows} | render ${kind} with (${properties})`);
      await run(page);
      await page.getByRole('img', { name: /of the results/ }).locator('canvas').waitFor();
      await page.getByRole('button', { name: 'Values' }).click();
      const table = page.getByRole('region', { name: 'Values of the chart' });
      const lines = await table.getByRole('row').evaluateAll((all) => all.map((row) => [...row.cells].map((c) => c.textContent)));
      return { lines, note: await page.getByRole('note').textContent() };
    };
    await write(portal, 'print 1');
    assert.deepEqual((await values('title="plain"')).lines, [['Name', 'A', 'B'], ['x', '1', '3'], ['y', '2', '6'], ['z', '0', '5']]);
    assert.deepEqual((await values('accumulate=true')).lines.slice(1), [['x', '1', '3'], ['y', '3', '9'], ['z', '3', '14']]);
    assert.deepEqual((await values('kind=stacked100')).lines.slice(1), [['x', '25', '75'], ['y', '25', '75'], ['z', '0', '100']]);
    assert.deepEqual((await values('ycolumns=B')).lines[0], ['Name', 'B']);
    const log = await values('yaxis=log, ysplit=panels');
    assert.deepEqual(log.lines.at(-1), ['z', '', '5']);
    assert.match(log.note, /1 values that are not above zero/);
    await values('ysplit=axes, ymin=0, ymax=10, xtitle="Names", ytitle="Count", legend=hidden', 'barchart');
    if (place.pictures) await portal.shot('chart-axes');
    await values('kind=map', 'scatterchart');
  },
  async anomalies_are_points_and_much_is_thinned_out_and_said(portal) {
    const { page } = portal;
    await write(portal, 'range i from 1 to 100 step 1 | extend T = datetime(2026-01-01) + i * 1h, N = iff(i == 70, 90.0, 10.0 + i % 3)'
      + ' | make-series N = avg(N) on T step 1h\n| extend (flags, score, base) = series_decompose_anomalies(N)'
      + ' | project T, N, flags | render anomalychart with (anomalycolumns=flags)');
    await run(page);
    await page.getByRole('img', { name: /1 series over T \(N\), 100 values from 10 to 90, [1-9]\d* anomalies/ }).waitFor();
    if (place.pictures) await portal.shot('chart-anomalies');
    await rewrite(page, 'range i from 1 to 300000 step 1 | extend T = datetime(2026-01-01) + i * 1s, N = iff(i == 123456, 7, 1)'
      + ' | project T, N | render timechart');
    await run(page);
    await page.getByRole('note').getByText(/of 300,000 points are drawn: the first, lowest, highest and last of each of 1,000 spans of T/).waitFor();
    await page.getByRole('img', { name: /values from 1 to 7/ }).waitFor();
  },
  async a_time_pivot_chooses_rows(portal) {
    const { page } = portal;
    await write(portal, 'range i from 0 to 99 step 1 | extend T = datetime(2026-01-01) + i * 1h, Who = strcat("p", i % 3), Where = strcat("w", i % 2)'
      + ' | render timepivot with (series=Who)');
    await run(page);
    const slices = page.getByRole('region', { name: 'Slices' });
    await slices.getByRole('button', { name: 'p0', exact: true }).click();
    await page.getByText('34 of 100 rows below').waitFor();
    await page.getByRole('button', { name: 'Slice level' }).last().click();
    await page.getByLabel('Slice level 2', { exact: true }).selectOption({ label: 'Where' });
    await slices.getByRole('button', { name: 'Slices of p1' }).click();
    await slices.getByRole('button', { name: 'w1', exact: true }).click();
    await page.getByText('17 of 100 rows below').waitFor();
    await slices.getByRole('group', { name: 'Time of p1' }).getByRole('button').first().click();
    await page.getByText('1 of 100 rows below').waitFor();
    await portal.accessible('time pivot');
    await portal.shots('hunting-timepivot');
  },
  async a_pivot_chart_counts_by_what_is_chosen(portal) {
    const { page } = portal;
    await write(portal, 'range i from 0 to 9 step 1 | extend Who = strcat("p", i % 2), Where = strcat("w", i % 3) | render pivotchart');
    await run(page);
    const pivot = page.getByRole('group', { name: 'Pivot' });
    await pivot.getByLabel('Rows').selectOption({ label: 'Who' });
    await pivot.getByLabel('Columns').selectOption({ label: 'Where' });
    await pivot.getByLabel('Aggregate').selectOption('sum');
    const table = page.getByRole('region', { name: 'Pivot table' });
    await table.getByRole('row', { name: 'p0 6 4 10' }).waitFor();
    await table.getByRole('row', { name: 'p1 12 8 5' }).waitFor();
    await portal.accessible('pivot chart');
    await portal.shots('hunting-pivotchart');
  },
  async a_chart_is_saved_as_a_picture(portal) {
    const { page } = portal;
    await write(portal, 'datatable(Name:string, N:long)["<b>x</b>", 1, "y", 2] | render columnchart');
    await run(page);
    const [png, bytes] = await saved(page, () => page.getByRole('button', { name: 'Save the chart as PNG' }).click());
    assert.equal(png, 'chart.png');
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
    const [, svg] = await saved(page, () => page.getByRole('button', { name: 'Save the chart as SVG' }).click());
    assert.match(svg.toString(), /^<svg .*&lt;b&gt;x/s);
    await portal.accessible('chart');
  },
  async exports_have_what_is_shown(portal) {
    const { page } = portal;
    await write(portal, 'datatable(A:string, B:dynamic)["x,\\"y\\"", dynamic({"k":[1]}), "=1+1", dynamic(null)]');
    await run(page);
    await results(page).waitFor();
    const [csvName, csv] = await exported(page, 'CSV');
    assert.equal(csvName, 'query_data.csv');
    assert.equal(csv.toString(), 'A,B\r\n"x,""y""","{""k"":[1]}"\r\n\'=1+1,\r\n');
    const [, json] = await exported(page, 'JSON');
    assert.deepEqual(JSON.parse(json.toString()), [{ A: 'x,"y"', B: { k: [1] } }, { A: '=1+1', B: null }]);
    // The guard is a choice.
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitemcheckbox', { name: /mark formulas/ }).click();
    await page.keyboard.press('Escape');
    assert.match((await exported(page, 'CSV'))[1].toString(), /\r\n=1\+1,\r\n$/);
  },
  async a_parquet_file_has_the_rows_that_are_shown(portal) {
    const { page } = portal;
    await write(portal, 'datatable(A:string, N:long, R:real, T:datetime, B:bool, D:dynamic, G:decimal)'
      + '["x", 9007199254740993, 1.5, datetime(2026-01-02T03:04:05.1234567Z), true, dynamic({"k":[1]}), decimal(0.1),'
      + ' "y", -3, real(null), datetime(null), bool(null), dynamic(null), decimal(null),'
      + ' "other", 1, 1.0, datetime(2026-01-01), false, dynamic(1), decimal(1)] | sort by N asc');
    await run(page);
    await results(page).getByText('9007199254740993').waitFor();
    await page.getByLabel('Filter N', { exact: true }).fill('3');
    await page.getByText('2 of 3 items').waitFor();
    await results(page).getByRole('button', { name: 'A', exact: true }).click();
    const [name, bytes] = await exported(page, 'Parquet');
    assert.equal(name, 'query_data.parquet');
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const rows = await parquetReadObjects({ file });
    assert.deepEqual(rows.map((r) => [r.A, r.N, r.R, r.B, r.D, r.G]),
      [['x', 9007199254740993n, 1.5, true, '{"k":[1]}', '0.1'], ['y', -3n, null, null, null, null]]);
    const [column] = parquetMetadata(file).row_groups[0].columns.filter((c) => c.meta_data.path_in_schema[0] === 'T');
    assert.equal(column.meta_data.type, 'INT64');
    assert.equal(rows[0].T.toISOString(), '2026-01-02T03:04:05.123Z');
  },
  async a_million_rows_come_at_once_are_saved_and_the_page_answers(portal) {
    const { page } = portal;
    await write(portal, 'range i from 1 to 1000000 step 1 | extend Text = strcat("v", i), User = i % 500, T = datetime(2026-01-01) + i * 1s');
    const began = Date.now();
    await run(page);
    await page.locator('[aria-rowindex="2"]').waitFor();
    portal.measured('first of 1,000,000 rows seen, ms', Date.now() - began);
    await page.getByText(/^1,000,000 items ·/).waitFor({ timeout: 90_000 });
    portal.measured('all of them, ms', Date.now() - began);
    await page.evaluate(() => {
      window.longest = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((e) => { window.longest = Math.max(window.longest, e.duration); }))
        .observe({ type: 'longtask' });
    });
    for (const kind of ['CSV', 'Parquet']) {
      await page.getByRole('button', { name: 'Export' }).click();
      const from = Date.now();
      const [file] = await Promise.all([page.waitForEvent('download', { timeout: 120_000 }), page.getByRole('menuitem', { name: kind }).click()]);
      portal.measured(`${kind} of 1,000,000 rows, ms`, Date.now() - from);
      await file.delete();
      await page.getByRole('button', { name: 'Export', exact: true }).waitFor();
    }
    portal.measured('longest task meanwhile, ms', await page.evaluate(() => window.longest));
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'JSON' }).click();
    await page.getByRole('button', { name: /Cancel export/ }).click();
    await page.getByRole('button', { name: 'Export', exact: true }).waitFor();
  },
  async several_workspaces_are_read_together(portal) {
    const { page } = portal;
    const made = await portal.api('PUT', `${place.arm.replace(/[^/]+$/, 'second')}?api-version=2022-10-01`, { location: 'local', properties: {} });
    await portal.api('POST', '/vedette/v1/workspaces/second/records/SigninLogs?format=json',
      [{ TimeGenerated: '2026-03-18T09:30:00Z', UserPrincipalName: 'far@second.example' }]);
    await write(portal, 'SigninLogs | where UserPrincipalName == "far@second.example" | project UserPrincipalName, TenantId');
    await run(page);
    await page.getByText('No results found').waitFor();
    await page.getByRole('button', { name: 'Workspaces', exact: true }).click();
    await page.getByRole('menuitemcheckbox', { name: /^second/ }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '2 workspaces' }).waitFor();
    await run(page);
    await results(page).getByText(made.properties.customerId).waitFor();
  },
  async queries_follow_their_person(portal) {
    await write(portal, 'print "written elsewhere"');
    await portal.page.waitForResponse((r) => r.url().includes('/preferences/hunting.') && r.request().method() === 'PUT' && r.ok());
    const state = await portal.context.storageState();
    const other = await Portal.open(portal.context.browser(), { ...state, origins: [] });
    try {
      await other.goto('/hunting', 'Advanced hunting');
      await other.page.getByTestId('kql-editor').getByText('written elsewhere').waitFor();
    } finally {
      await other.close();
    }
  },
  async a_row_opens_and_filters(portal) {
    const { page } = portal;
    await write(portal, 'datatable(User:string, Info:dynamic)["ann", dynamic({"ip":"192.0.2.1"}), "<b>bob</b>", dynamic(null)]');
    await run(page);
    await results(page).getByText('<b>bob</b>').waitFor();
    await results(page).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Row details' }).getByText('192.0.2.1').waitFor();
    await page.getByRole('button', { name: 'Only rows with this User' }).click();
    await page.getByText(/^1 item/).waitFor();
    await page.getByTestId('kql-editor').getByText('where').waitFor();
  },
  async tabs_are_kept_named_and_brought_back(portal) {
    const { page } = portal;
    await write(portal, 'print 1');
    await page.getByRole('tab', { name: 'New query' }).dblclick();
    await page.getByLabel('Name of the query').fill('First');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Create new' }).click();
    await page.reload();
    await page.getByRole('tab', { name: 'First' }).click();
    await page.getByTestId('kql-editor').getByText('print').waitFor();
    await page.getByRole('button', { name: 'Close First' }).click();
    await page.getByRole('button', { name: /Reopen/ }).click();
    await page.getByRole('tab', { name: 'First' }).waitFor();
  },
  async hunting_is_accessible(portal) {
    const { page } = portal;
    await write(portal, 'SigninLogs | take 20');
    await page.getByLabel('Time range').selectOption('7d');
    await run(page);
    await results(page).waitFor();
    await portal.shots('hunting');
    await portal.accessible('hunting');
  },
};
