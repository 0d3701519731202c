/** CodeMirror 6 in the colours of the theme: JSON with its faults marked, templates with their variables, two texts side by side. */
import { autocompletion, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { liquid } from "@codemirror/lang-liquid";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorSelection, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useLayoutEffect, useRef } from "react";
import { useDark } from "../shell/theme.ts";
import type { EditorProps, Hand } from "./editor.tsx";

const highlight = HighlightStyle.define([
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--info)" },
  { tag: [tags.propertyName, tags.variableName], color: "var(--accent-strong)", fontWeight: "600" },
  { tag: [tags.keyword, tags.tagName, tags.operatorKeyword, tags.controlKeyword], color: "var(--warn)" },
  { tag: [tags.comment], color: "var(--quiet)", fontStyle: "italic" },
]);

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

interface CodeMirrorProps extends EditorProps {
  /** The id of what says what is wrong with it; undefined: nothing is. */
  readonly describedBy: string | undefined;
  readonly hand: Hand;
}

export function CodeMirror(props: CodeMirrorProps) {
  const { label, value, language, onChange, against, inline = false, variables, lines = 6, extensions: more, describedBy, hand } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const changed = useRef(onChange);
  changed.current = onChange;
  /** What was typed and has not come back as a value: a letter that was typed meanwhile must not be taken out by it. */
  const told = useRef<string[]>([]);
  const offered = useRef(variables);
  offered.current = variables;
  const editable = onChange !== undefined;
  const dark = useDark();

  // Before the next key: between two editors there is nothing that would take it.
  useLayoutEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const extensions: Extension[] = [
      ...(more ?? []),
      EditorView.cspNonce.of(nonce),
      EditorView.darkTheme.of(dark),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label, ...(editable ? {} : { tabindex: "0" }) }),
      EditorView.theme({
        ".cm-content": { minHeight: `${lines * 1.4}em`, caretColor: "var(--text)" },
        ".cm-cursor": { borderLeftColor: "var(--text)" },
      }),
      lineNumbers(),
      syntaxHighlighting(highlight),
      ...(language === "json" ? [json(), ...(editable ? [linter(jsonFaults)] : [])] : []),
      ...(language === "liquid" ? [liquid()] : []),
      ...(editable
        ? [
            history(),
            drawSelection(),
            highlightActiveLine(),
            autocompletion(language === "given" ? {} : { override: [variableCompletion(offered)] }),
            // Tab is left to the page: an editor must not hold the keyboard.
            keymap.of([...defaultKeymap, ...historyKeymap]),
            EditorView.updateListener.of((update) => {
              if (!update.docChanged) return;
              const text = update.state.doc.toString();
              told.current.push(text);
              changed.current?.(text);
            }),
          ]
        : [EditorState.readOnly.of(true), EditorView.editable.of(false)]),
    ];
    const keep = (editor: EditorView) => {
      view.current = editor;
      if (hand.current !== undefined) {
        editor.dispatch({ selection: EditorSelection.create([within(hand.current, editor.state.doc.length)]) });
        editor.focus();
        hand.current = undefined;
      }
      return () => {
        if (editor.hasFocus) hand.current = editor.state.selection.main;
        editor.destroy();
      };
    };
    if (against !== undefined && inline) {
      const unified = unifiedMergeView({ original: against, mergeControls: false, collapseUnchanged });
      return keep(new EditorView({ doc: value, extensions: [...extensions, unified], parent }));
    }
    if (against !== undefined) {
      const merge = new MergeView({
        a: {
          doc: against,
          extensions: [...extensions.filter((one) => one !== undefined), EditorState.readOnly.of(true), EditorView.editable.of(false)],
        },
        b: { doc: value, extensions },
        parent,
        collapseUnchanged,
      });
      view.current = merge.b;
      return () => merge.destroy();
    }
    return keep(new EditorView({ doc: value, extensions, parent }));
  }, [label, language, editable, against, inline, lines, dark, more, hand]);

  useLayoutEffect(() => {
    const content = view.current?.contentDOM;
    content?.removeAttribute("aria-invalid");
    content?.removeAttribute("aria-describedby");
    if (describedBy === undefined) return;
    content?.setAttribute("aria-invalid", "true");
    content?.setAttribute("aria-describedby", describedBy);
  }, [describedBy, label, language, editable, against, inline, lines, dark, more]);

  useEffect(() => {
    const editor = view.current;
    const echo = told.current.indexOf(value);
    told.current.splice(0, echo + 1);
    if (echo >= 0 || editor === undefined || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
    told.current = [];
  }, [value]);

  return <div ref={place} className="editor" />;
}

const within = ({ anchor, head }: NonNullable<Hand["current"]>, length: number) =>
  EditorSelection.range(Math.min(anchor, length), Math.min(head, length));

const parseFaults = jsonParseLinter();
/** Nothing at all is no fault: what may be left empty says so itself. */
const jsonFaults: typeof parseFaults = (editor) => (editor.state.doc.toString().trim() === "" ? [] : parseFaults(editor));

const collapseUnchanged = { margin: 2, minSize: 6 };

const variableCompletion =
  (offered: { readonly current: readonly string[] | undefined }): CompletionSource =>
  (context) => {
    const typed = context.matchBefore(/\{\{\s*[\w.]*/);
    if (typed === null || offered.current === undefined) return null;
    return {
      from: typed.from + (/^\{\{\s*/.exec(typed.text)?.[0].length ?? 0),
      options: offered.current.map((name) => ({ label: name, type: "variable" })),
    };
  };
