/** RunPod's addresses say what stands in front of a pod: a proxy that gives up on silence after 100 seconds. */
export function isRunpodProxy(address: string): boolean {
  return /\.proxy\.runpod\.net(?:[:/]|$)/i.test(address.trim());
}
