import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function PodsLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Pods">
        <span className="loading">
          <Skeleton width={98} height={32} />
        </span>
      </PageHead>
      <div className="skeleton-bar loading">
        <Skeleton width={220} height={28} />
      </div>
      <div className="loading">
        <Skeleton width="100%" height={94} />
      </div>
      <TableSkeleton rows={3} />
    </div>
  );
}
