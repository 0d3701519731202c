/** What the address says a table is sorted by: by the control plane over the whole list, or among the rows that are loaded. */
import { expect, it } from "vitest";
import { addressOf, orderIn, sortIn } from "../../web-console/ui/table-sort.ts";

const routes = {
  label: "All routes",
  columns: [{ id: "name", order: "NAME" }, { id: "calls", by: () => 0 }, { id: "targets" }],
};

it("is read for the table that it names, and for columns that can be sorted by", () => {
  expect(sortIn("all-routes.name.desc", routes)).toEqual({ id: "name", desc: true });
  expect(sortIn("all-routes.calls.asc", routes)).toEqual({ id: "calls", desc: false });
  for (const address of [undefined, "", "backends.name.desc", "all-routes.targets.asc", "all-routes.gone.asc", "all-routes"])
    expect(sortIn(address, routes)).toBeUndefined();
});

it("is written as it is read", () => {
  const sort = { id: "calls", desc: true };
  expect(sortIn(addressOf("All routes", sort), routes)).toEqual(sort);
  expect(addressOf("All routes", undefined)).toBeUndefined();
});

it("asks the control plane for an order of what it can order by alone", () => {
  expect(orderIn("all-routes.name.desc", routes)).toEqual({ field: "NAME", direction: "DESC" });
  expect(orderIn("all-routes.name.asc", routes)).toEqual({ field: "NAME", direction: "ASC" });
  expect(orderIn("all-routes.calls.desc", routes)).toBeNull();
  expect(orderIn("backends.name.desc", routes)).toBeNull();
});
