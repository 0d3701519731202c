/** Code that calls a route, for the clients that people use. */
export interface SampleFacts {
  /** Such as http://127.0.0.1:4001 */
  readonly restUrl: string;
  readonly route: string;
  /** A key, or the name of the variable that holds one. */
  readonly key: string;
}

export interface GrpcFacts extends SampleFacts {
  /** Such as 127.0.0.1:4002 */
  readonly grpcAddress: string;
}

export const curlSample = ({ restUrl, route, key }: SampleFacts): string => `curl -N ${restUrl}/v1/chat/completions \\
  -H "authorization: Bearer ${key}" \\
  -H 'content-type: application/json' \\
  -d '{"model": "${route}", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'`;

export const samples: readonly { readonly id: string; readonly name: string; readonly of: (facts: GrpcFacts) => string }[] = [
  { id: "curl", name: "curl", of: curlSample },
  {
    id: "python",
    name: "Python (openai)",
    of: ({ restUrl, route }) => `import os
from openai import OpenAI

client = OpenAI(base_url="${restUrl}/v1", api_key=os.environ["PENSTOCK_API_KEY"])

stream = client.chat.completions.create(
    model="${route}",
    messages=[{"role": "user", "content": "Hello"}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
`,
  },
  {
    id: "node",
    name: "Node (openai)",
    of: ({ restUrl, route }) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${restUrl}/v1", apiKey: process.env.PENSTOCK_API_KEY });

const stream = await client.chat.completions.create({
  model: "${route}",
  messages: [{ role: "user", content: "Hello" }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
`,
  },
  {
    id: "grpcurl",
    name: "grpcurl",
    of: ({ grpcAddress, route, key }) => `grpcurl -plaintext -H "authorization: Bearer ${key}" \\
  -d '{"input": {"model": "${route}", "messages": [{"role": "ROLE_USER", "content": [{"text": {"text": "Hello"}}]}]}}' \\
  ${grpcAddress} penstock.inference.v1.CompletionService/StreamComplete`,
  },
  {
    id: "go",
    name: "Go (gRPC)",
    of: ({
      grpcAddress,
      route,
    }) => `// The contract in Go, from the folder proto/ of Penstock, with protoc-gen-go and protoc-gen-go-grpc on the path:
//   go mod init example.com/yours
//   buf generate <proto> --template '{"version": "v2",
//     "managed": {"enabled": true, "override": [{"file_option": "go_package_prefix", "value": "example.com/yours/gen"}]},
//     "plugins": [{"local": "protoc-gen-go", "out": "gen", "opt": "paths=source_relative"},
//                 {"local": "protoc-gen-go-grpc", "out": "gen", "opt": "paths=source_relative"}]}'
//   go mod tidy && go run .
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	inference "example.com/yours/gen/penstock/inference/v1"
)

func main() {
	conn, err := grpc.NewClient("${grpcAddress}", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+os.Getenv("PENSTOCK_API_KEY"))
	stream, err := inference.NewCompletionServiceClient(conn).StreamComplete(ctx, &inference.StreamCompleteRequest{
		Input: &inference.CompletionInput{
			Model: "${route}",
			Messages: []*inference.Message{{
				Role:    inference.Role_ROLE_USER,
				Content: []*inference.ContentPart{{Part: &inference.ContentPart_Text{Text: &inference.TextPart{Text: "Hello"}}}},
			}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer)
	}
}
`,
  },
];
