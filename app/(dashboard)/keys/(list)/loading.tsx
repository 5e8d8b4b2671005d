import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function KeysLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Keys" />
      <div className="skeleton-bar loading">
        <Skeleton width={260} height={28} />
        <Skeleton width={110} height={28} />
      </div>
      <TableSkeleton rows={9} />
    </div>
  );
}
