import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function TeamLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Team">
        <span className="loading">
          <Skeleton width={84} height={32} />
        </span>
      </PageHead>
      <TableSkeleton rows={8} />
    </div>
  );
}
