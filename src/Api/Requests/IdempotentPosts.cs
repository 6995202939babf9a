using System.Globalization;
using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Idempotency;
using Microsoft.AspNetCore.Http.Features;

namespace KdRobust.Api.Requests;

/// <summary>
/// Idempotency-Key on any POST: for a day, the same key with the same request has one effect and gets the same answer, however
/// often it comes and by whichever replica. Only what was carried out is remembered: what was refused may be mended and sent
/// again under the same key.
/// </summary>
sealed class IdempotentPosts(RequestDelegate next, IdempotencyStore store, ApiOptions options)
{
    public const string Header = "Idempotency-Key";
    const string Replayed = "Idempotency-Replayed";
    const int LargestAnswer = 1 << 20;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || !context.Request.Headers.TryGetValue(Header, out var sent) || context.User.Identity?.IsAuthenticated != true)
        {
            await next(context);
            return;
        }
        var key = sent.ToString();
        if (key.Length is 0 or > IdempotencyStore.LongestKey || !key.All(c => c is > ' ' and <= '~'))
        {
            await Refusal.As(ProblemKind.BadRequest, string.Create(CultureInfo.InvariantCulture, $"{Header} has {key.Length} characters; expected 1 to {IdempotencyStore.LongestKey} printable ones without spaces, e.g. a UUID")).ExecuteAsync(context);
            return;
        }
        await using var turn = await store.Hold(context.User.Owner(), key, options.IdempotencyPatience, context.RequestAborted);
        if (turn is null)
        {
            context.Response.Headers.RetryAfter = "1";
            await Refusal.As(ProblemKind.InProgress, $"a request under the {Header} {key} is still being carried out: send this one again in a moment").ExecuteAsync(context);
            return;
        }
        await using var body = new HashedBody(context.Request.Body);
        context.Request.Body = body;
        var request = new IdempotentRequest(key, $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}", body.Hash);
        if (await store.Find(context.User.Owner(), key, context.RequestAborted) is { } earlier) await Again(context, earlier, request, body);
        else await First(context, request, body);
    }

    async Task First(HttpContext context, IdempotentRequest request, HashedBody body)
    {
        if (context.Features.Get<Act>() is { } act) act.Promise = request;
        var client = context.Response.Body;
        var answer = new KeptBody(client, LargestAnswer, holdBack: false);
        context.Response.Body = answer;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = client;
        }
        if (context.Response.StatusCode is < 200 or >= 300) return;
        await body.Drain(options.LargestBody, context.RequestAborted);
        var secret = context.GetEndpoint()?.Metadata.GetMetadata<SecretAnswer>() is not null;
        var kept = secret || !answer.IsWhole
            ? null
            : new KeptAnswer(context.Response.StatusCode, context.Response.ContentType, context.Response.Headers.Location.FirstOrDefault(), answer.Copy.ToArray());
        await store.Complete(context.User.Owner(), request, context.Response.StatusCode, kept, CancellationToken.None);
    }

    async Task Again(HttpContext context, EarlierRequest earlier, IdempotentRequest request, HashedBody body)
    {
        if (earlier.Route != request.Route)
        {
            await Refusal.As(ProblemKind.KeyReused, $"the {Header} {request.Key} was used for {earlier.Route}: take another key for another request").ExecuteAsync(context);
            return;
        }
        // Only who has read all of it knows whether it is the same.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = options.LargestModel + RequestText.Forgotten;
        if (!await body.Drain(Math.Max(options.LargestModel, options.LargestBody), context.RequestAborted) || !earlier.BodyHash.AsSpan().SequenceEqual(request.BodyHash()))
        {
            await Refusal.As(ProblemKind.KeyReused, $"the {Header} {request.Key} was used with another body: take another key for another request").ExecuteAsync(context);
            return;
        }
        if (earlier.Answer is not { } answer)
        {
            await Refusal.As(ProblemKind.AnswerGone, $"this request was carried out ({earlier.Effect ?? "nothing had to be changed"}), but its answer was not kept: look at what it made", ("effect", earlier.Effect)).ExecuteAsync(context);
            return;
        }
        context.Response.StatusCode = answer.Status;
        context.Response.Headers[Replayed] = "true";
        if (answer.ContentType is { } type) context.Response.ContentType = type;
        if (answer.Location is { } location) context.Response.Headers.Location = location;
        context.Response.ContentLength = answer.Status == StatusCodes.Status204NoContent ? null : answer.Body.Length;
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }
}
