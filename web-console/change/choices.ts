/** What can be chosen of each kind of thing: the document that finds it by a part of its name, and what people read of it. */
import type { TypedDocumentNode } from "urql";
import { graphql, type ResultOf } from "../graphql/documents.ts";
import { versionName } from "./prompt-pointers.ts";

export interface Choice {
  readonly id: string;
  readonly name: string;
  /** Beside the name. */
  readonly note?: string;
  /** Of a prompt. */
  readonly labels?: readonly { readonly name: string; readonly version: number }[];
}

export interface Choices {
  readonly found: readonly Choice[];
  /** There are others, which a longer text would find. */
  readonly more: boolean;
}

const routes = graphql(`
  query ChooseRoute($search: String) {
    page: routes(first: 50, search: $search) {
      edges {
        node {
          id
          name
          note: description
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

const backends = graphql(`
  query ChooseBackend($search: String) {
    page: backends(first: 50, search: $search) {
      edges {
        node {
          id
          name: key
          note: model
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

const providers = graphql(`
  query ChooseProvider($search: String) {
    page: providers(first: 50, search: $search) {
      edges {
        node {
          id
          name: key
          note: baseUrl
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

const prompts = graphql(`
  query ChoosePrompt($search: String) {
    page: prompts(first: 50, search: $search) {
      edges {
        node {
          id
          name
          note: folder
          labels {
            name
            version
          }
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

const apiKeys = graphql(`
  query ChooseApiKey($search: String) {
    page: apiKeys(first: 50, search: $search) {
      edges {
        node {
          id
          name
          note: publicId
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

const projects = graphql(`
  query ChooseProject($search: String) {
    page: projects(first: 50, search: $search) {
      edges {
        node {
          id
          name
          note: key
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

const datasets = graphql(`
  query ChooseDataset($search: String) {
    page: datasets(first: 50, search: $search) {
      edges {
        node {
          id
          name
          note: description
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`);

/** A model's id is its key: "openai/gpt-4o". */
const models = graphql(`
  query ChooseModel($search: String) {
    list: modelCatalogue(search: $search) {
      id: key
      name: key
      note: name
    }
  }
`);

/** Of one prompt. A version's id is what pointers call it: "@12". */
const promptVersions = graphql(`
  query ChoosePromptVersion($within: ID!, $search: String) {
    prompt(id: $within) {
      versions(first: 50, search: $search) {
        version
        commitMessage
      }
    }
  }
`);

const documents = { routes, backends, providers, prompts, apiKeys, projects, datasets, models, promptVersions };
export type ChoiceKind = keyof typeof documents;

interface Found {
  readonly page?: { readonly edges: readonly { readonly node: Choice }[]; readonly pageInfo: { readonly hasNextPage: boolean } };
  readonly list?: readonly Choice[];
  readonly prompt?: { readonly versions: readonly { readonly version: number; readonly commitMessage: string }[] } | null;
}

const listedMax = 50;

/** One type for all: each document takes a text, and what it is to look in where that is one thing, and gives a page or a list. */
export const choicesQuery = (of: ChoiceKind) => documents[of] as TypedDocumentNode<Found, { search: string; within: string }>;

/** @param data of choicesQuery; undefined: nothing came yet. */
export function choicesIn(data: Found | undefined): Choices {
  const { page, list = [], prompt } = data ?? {};
  if (prompt != null) return { found: prompt.versions.map(versionChoice), more: prompt.versions.length === listedMax };
  if (page === undefined) return { found: list.slice(0, listedMax), more: list.length > listedMax };
  return { found: page.edges.map(({ node }) => node), more: page.pageInfo.hasNextPage };
}

const versionChoice = ({ version, commitMessage }: { readonly version: number; readonly commitMessage: string }): Choice => ({
  id: `@${version}`,
  name: versionName(version),
  note: commitMessage,
});

/** What a thing is called of which only the id is known. Ids are of one kind alone, so at most one of these is there. */
export const nameQuery = graphql(`
  query NameOf($id: ID!) {
    route(id: $id) {
      name
    }
    backend(id: $id) {
      name: key
    }
    provider(id: $id) {
      name: key
    }
    prompt(id: $id) {
      name
    }
    apiKey(id: $id) {
      name
    }
    project(id: $id) {
      name
    }
    dataset(id: $id) {
      name
    }
  }
`);

export const nameIn = (data: ResultOf<typeof nameQuery>): string | undefined =>
  (data.route ?? data.backend ?? data.provider ?? data.prompt ?? data.apiKey ?? data.project ?? data.dataset)?.name;
