/** The catalogue of models: what each can do, how much it takes, what it costs by its list and here, and since when that is known. */
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { tell } from "../../change/tell.ts";
import { count, counted, money, shortCount, unknown } from "../../format/numbers.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { flag, text, useUrlState } from "../../shell/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { AddressField, CheckField, SelectField } from "../../ui/field.tsx";
import { Badge } from "../../ui/marks.tsx";
import { adoptModels, ownModelFragment } from "./changes.ts";
import { ModelDetail } from "./model-detail.tsx";
import { ModelDialog } from "./model-dialog.tsx";
import { type PriceDetails, priceFragment } from "./price-values.ts";

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

export type Model = ResultOf<typeof query>["modelCatalogue"][number];

export const priceOf = (model: Model): PriceDetails | null => (model.own === null ? model.price : model.own.price);
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

export const address = { q: text, vendor: text, can: text, yours: flag, model: text, edit: flag, make: flag };

export function Models() {
  const [url, setUrl] = useUrlState(address);
  const refusal = useRefusal();
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
      actions={
        <>
          <Adopt models={shown} onDone={page.again} />
          <Button look="primary" refused={refusal} onClick={() => setUrl({ make: true })}>
            <Plus size={16} aria-hidden /> New model
          </Button>
        </>
      }
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
        {open !== undefined && <ModelDetail model={open} onEdit={() => setUrl({ edit: true })} onChanged={page.again} />}
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
      {url.make && (
        <ModelDialog
          onClose={() => {
            setUrl({ make: undefined }, { replace: true });
            page.again();
          }}
        />
      )}
    </Page>
  );
}

const adoptedMax = 200;

/** A new release brings new list prices; whoever wants to be billed by what is known now keeps a copy. */
function Adopt({ models, onDone }: { readonly models: readonly Model[]; readonly onDone: () => void }) {
  const refusal = useRefusal();
  const [busy, setBusy] = useState(false);
  const keys = models.flatMap(({ key, own }) => (own === null ? [key] : []));
  const adopt = async () => {
    setBusy(true);
    tell(`${counted(keys.length, "model")} and their prices are yours now`, await adoptModels(keys));
    setBusy(false);
    onDone();
  };
  return (
    <Button
      disabled={busy || keys.length === 0}
      refused={refusal ?? (keys.length > adoptedMax ? `At most ${adoptedMax} at once: narrow the list` : undefined)}
      onClick={() => void adopt()}
    >
      {busy ? "Keeping …" : keys.length === 0 ? "All shown are yours" : `Keep ${counted(keys.length, "list price")}`}
    </Button>
  );
}
