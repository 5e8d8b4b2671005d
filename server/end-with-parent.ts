// Preloaded into every child process: when the supervisor is gone, however it went, the channel to it closes.
// A child that went on would keep the port, the journal or the pod for nobody.
process.once("disconnect", () => process.exit(0));
