import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function UsageLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Usage" />
      <div className="skeleton-bar loading">
        <Skeleton width={364} height={28} />
        <Skeleton width={90} height={28} />
      </div>
      <div className="loading">
        <Skeleton width="100%" height={96} />
      </div>
      <div className="loading gap-above">
        <Skeleton width="100%" height={264} />
      </div>
      <TableSkeleton rows={8} dense />
    </div>
  );
}
