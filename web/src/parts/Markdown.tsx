/** Markdown that people wrote, as HTML without anything that could run or load. The only place that sets HTML. */
import { makeStyles, tokens } from "@fluentui/react-components";
import DOMPurify from "dompurify";
import { marked } from "marked";
import { useMemo } from "react";

const useStyles = makeStyles({
  text: {
    overflowWrap: "anywhere",
    "& p": { margin: `0 0 ${tokens.spacingVerticalS}` },
    "& p:last-child": { marginBottom: 0 },
    "& pre": {
      overflowX: "auto",
      padding: tokens.spacingHorizontalS,
      backgroundColor: tokens.colorNeutralBackground3,
    },
    "& code": { fontFamily: tokens.fontFamilyMonospace },
    "& a": { color: tokens.colorBrandForegroundLink },
    "& table": { borderCollapse: "collapse" },
    "& td, & th": { border: `1px solid ${tokens.colorNeutralStroke2}`, padding: "2px 8px" },
  },
});

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."a b strong i em s del u code pre p br hr ul ol li blockquote span div".split(" "),
    ..."h1 h2 h3 h4 h5 h6 table thead tbody tr th td".split(" "),
  ],
  ALLOWED_ATTR: ["href", "title", "start", "align"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|\/portal\/|#)/i,
};

/** HTML without scripts, pictures, styles and frames; links open elsewhere and tell nothing of where they were. */
export function safeHtml(markdown: string): string {
  const html = marked.parse(markdown, { async: false, gfm: true, breaks: true });
  const fragment = DOMPurify.sanitize(html, { ...ALLOWED, RETURN_DOM_FRAGMENT: true });
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  const box = document.createElement("div");
  box.append(fragment);
  return box.innerHTML;
}

export function Markdown({ text }: { text: string }) {
  const styles = useStyles();
  const html = useMemo(() => safeHtml(text), [text]);
  return <div className={styles.text} dangerouslySetInnerHTML={{ __html: html }} />;
}
