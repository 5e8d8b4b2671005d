import Link from "next/link";
import { LoadingWords, Skeleton, TableSkeleton } from "@/app/_ui/skeleton";

export default function KeyLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <div className="crumb">
        <Link href="/keys">Keys</Link>
        <span>/</span>
      </div>
      <div className="page-head loading">
        <Skeleton width={220} height={24} />
      </div>
      <TableSkeleton rows={2} />
    </div>
  );
}
