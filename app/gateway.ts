import { openedGateway } from "./open-gateway";

/** The API's routes in Next. */
async function answer(request: Request): Promise<Response> {
  const gateway = await openedGateway();
  return gateway.answer(request);
}

// Under every method: Next answers a missing one with an empty 405 of its own.
export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
};
