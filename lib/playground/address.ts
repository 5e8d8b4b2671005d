/** Where the playground's page sends a conversation, and the header in which it names the key it was told to use. */
export const CHAT_PATH = "/playground/chat";
export const KEY_HEADER = "x-playground-key";

/** What such a call is to the gateway: the very call a program would make. */
export const ROUTE_PATH = "/v1/chat/completions";
