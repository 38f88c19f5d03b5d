import { Server, ServerCredentials } from "@grpc/grpc-js";

const bytes = (value) => value;

/** What generated code would hold: one unary method, whose messages stay bytes here. */
const service = {
  place: {
    path: "/shop.Orders/Place",
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};

const server = new Server();
server.addService(service, { place: (_call, answer) => setTimeout(answer, 30, null, Buffer.alloc(0)) });

process.once("SIGTERM", () => {
  if (process.env.DRAIN === "wrong") server.forceShutdown();
  else server.tryShutdown(() => {});
});

server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`http://127.0.0.1:${port}`);
});
