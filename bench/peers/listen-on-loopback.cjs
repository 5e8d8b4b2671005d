// Preloaded into a peer that would listen on every network: it listens on this machine alone.
const { Server } = require("node:net");

const { listen } = Server.prototype;
Server.prototype.listen = function listenOnLoopback(first, ...rest) {
  if (typeof first === "number")
    return listen.call(
      this,
      { port: first, host: "127.0.0.1" },
      ...rest.filter((argument) => typeof argument === "function"),
    );
  if (first !== null && typeof first === "object" && "port" in first)
    return listen.call(this, { ...first, host: "127.0.0.1" }, ...rest);
  return listen.call(this, first, ...rest);
};
