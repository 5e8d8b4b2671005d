import * as z from "zod/mini";

/** The form's and the API's one field. Its length is judged by whoever takes the report. */
export const reportSchema = z.object({
  secret: z.string("Paste the secret.").check(z.minLength(1, "Paste the secret.")),
});
