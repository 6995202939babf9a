using System.Globalization;
using System.Threading.RateLimiting;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;

namespace KdRobust.Api.Access;

/// <summary>How often one key may ask this replica: a rate, and a reserve for bursts. Each key has its own, so that nobody waits for another's loop.</summary>
sealed class KeyRates : IDisposable
{
    readonly RequestDelegate next;
    readonly ApiOptions options;
    readonly PartitionedRateLimiter<Guid>? limiter;

    public KeyRates(RequestDelegate next, ApiOptions options)
    {
        (this.next, this.options) = (next, options);
        if (options.Rate == 0) return;
        limiter = PartitionedRateLimiter.Create<Guid, Guid>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.Burst, TokensPerPeriod = Math.Max(1, options.Rate / 10), ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, options.Rate / 10) / (double)options.Rate),
            QueueLimit = 0, AutoReplenishment = true,
        }));
    }

    public async Task InvokeAsync(HttpContext context)
    {
        if (limiter is null || context.User.Identity?.IsAuthenticated != true)
        {
            await next(context);
            return;
        }
        using var lease = limiter.AttemptAcquire(context.User.KeyId());
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }
        var seconds = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await Refusal.Write(context, ProblemKind.TooMany, string.Create(CultureInfo.InvariantCulture,
            $"this key asks more often than {options.Rate} times a second (after {options.Burst} at once): go on after {seconds} s. Nothing was done. Whoever runs the API may raise --rate and --burst"));
    }

    public void Dispose() => limiter?.Dispose();
}
