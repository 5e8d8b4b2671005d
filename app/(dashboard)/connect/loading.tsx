import { PageHead } from "@/app/_ui/page-head";
import { LoadingWords, Skeleton } from "@/app/_ui/skeleton";

export default function ConnectLoading() {
  return (
    <div className="page">
      <LoadingWords />
      <PageHead title="Connect" meta="Any OpenAI or Anthropic client works" />
      <div className="loading">
        <Skeleton width="66%" height={280} />
      </div>
    </div>
  );
}
