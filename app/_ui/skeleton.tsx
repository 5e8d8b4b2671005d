type Size = { width: number | string; height?: number };

/** A grey stand-in of the final size. Its pulse is the only thing in the product that loops. */
export function Skeleton({ width, height = 12 }: Size) {
  return <span className="skeleton" style={{ width, height }} />;
}

/** Rows of the final height. Nothing is seen for the first 300 ms. */
export function TableSkeleton({ rows, dense }: { rows: number; dense?: boolean }) {
  return (
    <div className={dense ? "loading skeleton-rows dense" : "loading skeleton-rows"} aria-hidden="true">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: stand-ins are all alike
        <div key={index}>
          <Skeleton width={`${18 + ((index * 7) % 11)}%`} />
          <Skeleton width="14%" />
          <Skeleton width="10%" />
          <Skeleton width="8%" />
        </div>
      ))}
    </div>
  );
}

/** What a page says to assistive technology while it is being made. */
export function LoadingWords() {
  return (
    <p className="visually-hidden" role="status">
      Loading
    </p>
  );
}
