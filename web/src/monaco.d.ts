// Parts of Monaco and of its Kusto plugin that come without types.
declare module "@kusto/monaco-kusto/release/esm/kusto.worker?worker" {
  const worker: new () => Worker;
  export default worker;
}
declare module "monaco-editor/esm/vs/editor/editor.worker?worker" {
  const worker: new () => Worker;
  export default worker;
}
declare module "monaco-editor/esm/vs/language/json/json.worker?worker" {
  const worker: new () => Worker;
  export default worker;
}
declare module "monaco-editor/esm/vs/editor/contrib/*";
declare module "monaco-editor/esm/vs/editor/browser/coreCommands";
