import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function ActivityLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Activity" />
      <div className="skeleton-bar loading">
        <Skeleton width={120} height={28} />
        <Skeleton width={120} height={28} />
        <Skeleton width={260} height={28} />
      </div>
      <TableSkeleton rows={12} />
    </div>
  );
}
