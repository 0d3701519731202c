/** The catalogue of models: what each can do, how much it takes, what it costs by its list and here, and since when that is known. */
import { useMemo, useState } from "react";
import { useQuery } from "urql";
import { EditDialog } from "../../change/form.tsx";
import type { Outcome } from "../../change/outcome.ts";
import { tell } from "../../change/tell.ts";
import { count, counted, money, nanodollarsOf, shortCount, unknown } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { AddressField, CheckField, SelectField, TextField } from "../../ui/field.tsx";
import { Badge, Facts, Notice, When } from "../../ui/marks.tsx";
import {
  type ModelValues,
  modelValues,
  ownModelFragment,
  type PriceDetails,
  priceFragment,
  readModelAgain,
  saveModel,
  takeListPrice,
  unschedulePrice,
} from "./changes.ts";
import { PriceFacts } from "./price-facts.tsx";

const query = graphql(
  `
    query Models {
      modelCatalogue {
        key
        name
        vendor
        capabilities
        contextTokensMax
        outputTokensMax
        source
        sourceDate
        price {
          ...PriceDetails
        }
        own {
          ...OwnModel
        }
      }
    }
  `,
  [priceFragment, ownModelFragment],
);

type Model = ResultOf<typeof query>["modelCatalogue"][number];

const priceOf = (model: Model): PriceDetails | null => (model.own === null ? model.price : model.own.price);
const perMillion = (price: PriceDetails | null, kind: "inputNanodollarsPerMillion" | "outputNanodollarsPerMillion") =>
  price === null ? unknown : money(price[kind]);

const columns: readonly Column<Model>[] = [
  {
    id: "model",
    name: "Model",
    by: ({ key }) => key,
    cell: ({ key, own }) => (
      <>
        <span className="strong">{key}</span> {own !== null && <Badge tone="accent">yours</Badge>}
      </>
    ),
  },
  {
    id: "context",
    name: "Context",
    end: true,
    by: (model) => model.contextTokensMax ?? 0,
    cell: (model) => shortCount(model.contextTokensMax),
  },
  {
    id: "output",
    name: "Output at most",
    end: true,
    by: (model) => model.outputTokensMax ?? 0,
    cell: (model) => shortCount(model.outputTokensMax),
  },
  {
    id: "in",
    name: "In, a million",
    end: true,
    by: (model) => Number(priceOf(model)?.inputNanodollarsPerMillion ?? -1),
    cell: (model) => perMillion(priceOf(model), "inputNanodollarsPerMillion"),
  },
  {
    id: "out",
    name: "Out, a million",
    end: true,
    by: (model) => Number(priceOf(model)?.outputNanodollarsPerMillion ?? -1),
    cell: (model) => perMillion(priceOf(model), "outputNanodollarsPerMillion"),
  },
  {
    id: "capabilities",
    name: "Can",
    cell: ({ capabilities }) => <span className="quiet">{capabilities.map((one) => one.replaceAll("_", " ")).join(", ")}</span>,
  },
];

export function Models() {
  const [url, setUrl] = useUrlState({ q: text, vendor: text, can: text, yours: flag, model: text, edit: flag });
  const page = usePageQuery(query, {});
  const models = page.data?.modelCatalogue ?? [];
  const shown = useMemo(
    () =>
      models.filter(
        ({ key, name, vendor, capabilities, own }) =>
          (url.q === undefined || `${key} ${name}`.toLowerCase().includes(url.q.toLowerCase())) &&
          (url.vendor === undefined || vendor === url.vendor) &&
          (url.can === undefined || capabilities.includes(url.can)) &&
          (url.yours === undefined || own !== null),
      ),
    [models, url.q, url.vendor, url.can, url.yours],
  );
  const distinct = (of: (model: Model) => readonly string[]) => [...new Set(models.flatMap(of))].sort();
  const choices = (values: readonly string[]) => [
    { value: "", label: "any" },
    ...values.map((value) => ({ value, label: value.replaceAll("_", " ") })),
  ];
  const open = models.find(({ key }) => key === url.model);
  return (
    <Page
      title="Models"
      lead="What is known of models: how much they take, what they can, what they cost. A backend that names one takes its price, unless it has its own."
    >
      <div className="filters">
        <AddressField label="Search" value={url.q ?? ""} onChange={(q) => setUrl({ q }, { replace: true })} data-search />
        <SelectField
          label="Vendor"
          value={url.vendor ?? ""}
          onChange={(vendor) => setUrl({ vendor })}
          choices={choices(distinct(({ vendor }) => [vendor]))}
        />
        <SelectField
          label="Can"
          value={url.can ?? ""}
          onChange={(can) => setUrl({ can })}
          choices={choices(distinct(({ capabilities }) => capabilities))}
        />
        <CheckField label="Only yours" value={url.yours === true} onChange={(yours) => setUrl({ yours })} />
      </div>
      <Result of={page}>
        {() =>
          shown.length === 0 ? (
            <Empty title="None fits">There are {counted(models.length, "model")} in all; take a filter away.</Empty>
          ) : (
            <>
              <div className="card flush">
                <DataTable
                  label="Models"
                  columns={columns}
                  rows={shown}
                  rowId={({ key }) => key}
                  selected={url.model}
                  onOpen={({ key }) => setUrl({ model: key })}
                />
              </div>
              <p className="quiet">
                {counted(shown.length, "model")} of {count(models.length)}. List prices change: each says when it was read.
              </p>
            </>
          )
        }
      </Result>
      <Drawer open={open !== undefined && !url.edit} onClose={() => setUrl({ model: undefined })} title={open?.name ?? ""}>
        {open !== undefined && <Detail model={open} onEdit={() => setUrl({ edit: true })} onChanged={page.again} />}
      </Drawer>
      {open !== undefined && url.edit && (
        <ModelDialog
          model={open}
          onClose={() => {
            setUrl({ edit: undefined }, { replace: true });
            page.again();
          }}
        />
      )}
    </Page>
  );
}

function Detail({ model, onEdit, onChanged }: { readonly model: Model; readonly onEdit: () => void; readonly onChanged: () => void }) {
  const refusal = useRefusal();
  const { own } = model;
  const price = priceOf(model);
  const later = own?.prices.filter(({ effectiveFrom }) => effectiveFrom !== null && Date.parse(effectiveFrom) > Date.now()) ?? [];
  const act = async (done: string, what: Promise<Outcome<unknown>>) => {
    tell(done, await what);
    onChanged();
  };
  return (
    <>
      <Facts
        of={[
          ["Key", <code key="key">{model.key}</code>],
          ["Context", `${count(model.contextTokensMax)} tokens`],
          ["Output at most", `${count(model.outputTokensMax)} tokens`],
          ["Can", model.capabilities.map((one) => one.replaceAll("_", " ")).join(", ")],
          ["Known from", `${model.source}, ${model.sourceDate}`],
        ]}
      />
      <h3>{own === null ? "List price, a million tokens" : "Your price, a million tokens"}</h3>
      {price === null ? (
        <Notice tone="warn">No price is known; what its calls cost is missing from every sum.</Notice>
      ) : (
        <PriceFacts price={price} />
      )}
      {later.map((one) => (
        <div key={one.version} className="stack tight">
          <h3>Still to come</h3>
          <PriceFacts price={one} />
          {own !== null && (
            <div>
              <Button small refused={refusal} onClick={() => void act("That price will not come", unschedulePrice(own, one.version))}>
                Take it back
              </Button>
            </div>
          )}
        </div>
      ))}
      <div className="row">
        <Button look="primary" refused={refusal} onClick={onEdit}>
          {own === null ? "Set your own" : "Change"}
        </Button>
        {own !== null && (
          <Button refused={refusal} onClick={() => void act("It costs what the list says", takeListPrice(own))}>
            Take the list's price
          </Button>
        )}
      </div>
      {own !== null && <Versions ownerId={own.id} />}
    </>
  );
}

const versionsQuery = graphql(
  `
    query PriceVersions($ownerId: ID!) {
      priceVersions(ownerId: $ownerId, first: 20) {
        edges {
          node {
            version
            createdAt
            actor
            price {
              ...PriceDetails
            }
          }
        }
      }
    }
  `,
  [priceFragment],
);

/** Fetched when somebody wants to see them. */
function Versions({ ownerId }: { readonly ownerId: string }) {
  const [shown, setShown] = useState(false);
  const [{ data }] = useQuery({ query: versionsQuery, variables: { ownerId }, pause: !shown });
  return (
    <details onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>Every price it had</summary>
      {data === undefined ? (
        <p className="quiet">Reading …</p>
      ) : (
        <ul className="stack tight">
          {data.priceVersions.edges.map(({ node }) => (
            <li key={node.version} className="row apart">
              <span>
                {node.version}: {perMillion(node.price, "inputNanodollarsPerMillion")} in,{" "}
                {perMillion(node.price, "outputNanodollarsPerMillion")} out
              </span>
              <span className="quiet">
                {actorName(node.actor)}, <When at={node.createdAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

const names = {
  input: "Input",
  output: "Output",
  cacheRead: "Cached input, read",
  cacheWrite: "Cached input, written",
  reasoning: "Reasoning",
  effectiveFrom: "From",
  contextTokensMax: "Context, tokens",
  outputTokensMax: "Output at most, tokens",
} as const;
const priceFields = ["input", "output", "cacheRead", "cacheWrite", "reasoning"] as const;

function ModelDialog({ model, onClose }: { readonly model: Model; readonly onClose: () => void }) {
  const { own } = model;
  const before = priceOf(model);
  return (
    <EditDialog<ModelValues>
      title={`${own === null ? "Your own" : "Change"} ${model.key}`}
      description="Dollars a million tokens. Calls that were made keep the price that they were made at."
      start={modelValues(own ?? model)}
      {...(own === null ? {} : { revision: own.revision, readAgain: () => readModelAgain(own.id) })}
      names={names}
      submit="Publish the price"
      done="The price is set"
      refuse={(values) =>
        priceFields.some((field) => values[field].trim() !== "" && nanodollarsOf(values[field]) === undefined)
          ? "A price is written like 0.15"
          : (values.input.trim() === "") !== (values.output.trim() === "")
            ? "Input and output have a price together, or neither has"
            : ![values.contextTokensMax, values.outputTokensMax].every((tokens) => /^\d*$/.test(tokens))
              ? "Tokens are a whole number"
              : undefined
      }
      save={(values, revision) => saveModel(model.key, own ?? undefined, before, values, revision)}
      onClose={() => onClose()}
    >
      {({ values, set, problem }) => (
        <>
          <div className="field-grid">
            {priceFields.map((field) => (
              <TextField
                key={field}
                label={names[field]}
                inputMode="decimal"
                value={values[field]}
                onChange={(next) => set(field, next)}
                problem={problem(`price.${field}NanodollarsPerMillion`)}
                {...(field === "input" || field === "output" ? {} : { hint: `Empty: as ${field === "reasoning" ? "output" : "input"}` })}
              />
            ))}
            <TextField
              label={names.effectiveFrom}
              type="datetime-local"
              value={values.effectiveFrom}
              onChange={(at) => set("effectiveFrom", at)}
              problem={problem("price.effectiveFrom")}
              hint="Empty: at once. Every node changes over at that instant."
            />
          </div>
          <div className="field-grid">
            {(["contextTokensMax", "outputTokensMax"] as const).map((field) => (
              <TextField
                key={field}
                label={names[field]}
                inputMode="numeric"
                value={values[field]}
                onChange={(next) => set(field, next)}
                problem={problem(field)}
                hint="Empty: not known"
              />
            ))}
          </div>
        </>
      )}
    </EditDialog>
  );
}
