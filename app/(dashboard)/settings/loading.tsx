import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function SettingsLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Settings" />
      <div className="columns columns-even loading">
        <Skeleton width="100%" height={268} />
        <Skeleton width="100%" height={268} />
      </div>
      <TableSkeleton rows={3} />
    </div>
  );
}
