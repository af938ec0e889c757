/**
 * Monaco with Kusto's language service, set up once for the page: what the editor offers is named here, and the
 * service's worker (8 MB) is started by the first editor.
 */
import "monaco-editor/esm/vs/editor/contrib/bracketMatching/browser/bracketMatching";
import "monaco-editor/esm/vs/editor/contrib/clipboard/browser/clipboard";
import "monaco-editor/esm/vs/editor/contrib/comment/browser/comment";
import "monaco-editor/esm/vs/editor/contrib/contextmenu/browser/contextmenu";
import "monaco-editor/esm/vs/editor/contrib/cursorUndo/browser/cursorUndo";
import "monaco-editor/esm/vs/editor/contrib/find/browser/findController";
import "monaco-editor/esm/vs/editor/contrib/folding/browser/folding";
import "monaco-editor/esm/vs/editor/contrib/gotoError/browser/gotoError";
import "monaco-editor/esm/vs/editor/contrib/hover/browser/hover";
import "monaco-editor/esm/vs/editor/contrib/indentation/browser/indentation";
import "monaco-editor/esm/vs/editor/contrib/linesOperations/browser/linesOperations";
import "monaco-editor/esm/vs/editor/contrib/multicursor/browser/multicursor";
import "monaco-editor/esm/vs/editor/contrib/parameterHints/browser/parameterHints";
import "monaco-editor/esm/vs/editor/contrib/snippet/browser/snippetController2";
import "monaco-editor/esm/vs/editor/contrib/suggest/browser/suggestController";
import "monaco-editor/esm/vs/editor/contrib/wordHighlighter/browser/wordHighlighter";
import "monaco-editor/esm/vs/editor/contrib/wordOperations/browser/wordOperations";
import "monaco-editor/esm/vs/editor/browser/coreCommands";
import "monaco-editor/esm/vs/language/json/monaco.contribution";
import * as monaco from "monaco-editor/esm/vs/editor/editor.api";
import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker?worker";
import JsonWorker from "monaco-editor/esm/vs/language/json/json.worker?worker";
import KustoWorker from "@kusto/monaco-kusto/release/esm/kusto.worker?worker";
import { getKustoWorker, kustoDefaults, themeNames } from "@kusto/monaco-kusto";
import type { KustoWorker as Service } from "@kusto/monaco-kusto";

declare global {
  interface Window {
    MonacoEnvironment?: monaco.Environment;
  }
}

window.MonacoEnvironment = {
  getWorker: (_, label) =>
    label === "kusto"
      ? new KustoWorker()
      : label === "json"
        ? new JsonWorker()
        : new EditorWorker(),
};
kustoDefaults.setLanguageSettings({
  ...kustoDefaults.languageSettings,
  useIntellisenseV2: true,
  useSemanticColorization: true,
  useTokenColorization: true,
  includeControlCommands: false,
  newlineAfterPipe: true,
  enableHover: true,
  enableQueryWarnings: true,
  completionOptions: { includeExtendedSyntax: false },
});

export { monaco, themeNames };

/** The language service of a text. */
export async function serviceOf(model: monaco.editor.ITextModel): Promise<Service> {
  const accessor = await getKustoWorker();
  return accessor(model.uri);
}
