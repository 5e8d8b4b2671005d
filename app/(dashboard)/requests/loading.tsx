import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function RequestsLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Requests" meta="Prompts and answers are never stored" />
      <div className="skeleton-bar loading">
        <Skeleton width={300} height={28} />
        <Skeleton width={120} height={28} />
      </div>
      <TableSkeleton rows={14} dense />
    </div>
  );
}
