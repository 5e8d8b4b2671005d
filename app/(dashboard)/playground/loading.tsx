import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton } from "@/app/_ui/skeleton";

export default function PlaygroundLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Playground" meta="Nothing written here is stored" />
      <div className="skeleton-bar loading">
        <Skeleton width={120} height={28} />
        <Skeleton width={180} height={28} />
        <Skeleton width={90} height={28} />
      </div>
    </div>
  );
}
