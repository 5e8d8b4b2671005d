const WHY: Record<string, string> = {
  redirected: "its address answers with a redirect, which is not followed",
  forbidden_address: "its address is link-local or a metadata service's, where Podpass sends nothing",
  name_not_found: "its host name does not exist",
  refused: "nothing listens at its address",
  unreachable: "there is no way to its machine from here",
  tls: "a secure connection could not be made",
  timeout: "it did not answer within 15 seconds",
  broken: "the connection broke before an answer came",
  unreadable: "it cannot be opened with this PODPASS_SECRET, so it has to be entered again",
};

/** Why a hook that was called did not work, to follow "because"; nothing here comes from whoever answered but the number. */
export function hookTrouble(result: string, status: number | null): string {
  if (result === "answered") {
    const hint = status === 401 || status === 403 ? ", so its token is not accepted" : "";
    return `it answered ${status ?? "an error"}${hint}`;
  }
  return WHY[result] ?? "it failed";
}
