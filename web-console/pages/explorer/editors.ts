/** What the explorer's editors have beyond the console's others: GraphQL by its schema, the key that runs, folding. */
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { bracketMatching, codeFolding, foldGutter, foldKeymap } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { graphql } from "cm6-graphql";
import type { KnownSchema } from "./schema.ts";

const writing: Extension = [bracketMatching(), closeBrackets(), keymap.of([...closeBracketsKeymap, ...lintKeymap])];

/** @param run is given where the cursor stands, letters from the start. */
const runKey = (run: (at: number) => void): Extension =>
  // Before the default keys: there it begins a new line.
  Prec.highest(
    keymap.of(
      ["Mod-Enter", "Ctrl-Enter"].map((key) => ({
        key,
        run: (view: EditorView) => {
          run(view.state.selection.main.head);
          return true;
        },
      })),
    ),
  );

/** @param open shows a type in the documentation; Ctrl and a press on a name asks for it. */
export const queryExtensions = (schema: KnownSchema, run: (at: number) => void, open: (type: string) => void): readonly Extension[] => [
  runKey(run),
  graphql(schema, {
    onShowInDocs: (_field, type, parent) => {
      const shown = parent ?? type;
      if (shown !== undefined) open(shown);
    },
  }),
  writing,
  codeFolding(),
  foldGutter(),
  keymap.of(foldKeymap),
];

export const variablesExtensions = (run: () => void): readonly Extension[] => [runKey(run), writing];

/** It cannot be changed, and yet the cursor walks in it: folding goes by the cursor. */
export const answerExtensions: readonly Extension[] = [
  Prec.highest(EditorView.editable.of(true)),
  codeFolding(),
  foldGutter(),
  keymap.of(foldKeymap),
];
