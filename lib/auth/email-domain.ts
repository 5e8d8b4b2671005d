/** Whether an address may join by the policy's list; an empty list allows every domain. Subdomains are not their parent. */
export function isAllowedDomain(email: string, domains: readonly string[]): boolean {
  return domains.length === 0 || isListedDomain(email, domains);
}

/** Whether an address's domain is named in the list. */
export function isListedDomain(email: string, domains: readonly string[]): boolean {
  return domains.includes(email.slice(email.lastIndexOf("@") + 1).toLowerCase());
}
