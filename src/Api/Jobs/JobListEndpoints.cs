using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Lists;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Jobs;

/// <summary>Lists of jobs, and of what happened to one.</summary>
static class JobListEndpoints
{
    const int LongestPage = 500;

    public static void MapJobLists(this IEndpointRouteBuilder jobs)
    {
        jobs.MapGet("", List).WithName("listJobs").ProducesProblem(400)
            .WithSummary("Jobs in pages")
            .WithDescription("sort is -created (default: newest first), created, -finished (only those that have ended) or queue (only those that are ready, in the order in which they wait).");
        jobs.MapGet("/{id:guid}/events", Events).WithName("jobEvents").ProducesProblem(400).ProducesProblem(404)
            .WithSummary("What happened to a job, oldest first, in pages");
    }

    static async Task<Results<Ok<Page<JobSummary>>, ProblemHttpResult>> List(
        HttpContext context, JobList jobs, [AsParameters] JobQuery query, int? limit, string? cursor, string? sort, CancellationToken ct)
    {
        if (Paging.Check(limit, LongestPage, out var size) is { } wrong) return wrong;
        var (filter, refused) = query.Read(context.User);
        if (refused is not null) return refused;
        JobOrder? order = sort switch { null or "-created" => JobOrder.Newest, "created" => JobOrder.Oldest, "-finished" => JobOrder.Finished, "queue" => JobOrder.Queue, _ => null };
        if (order is null) return Refusal.As(ProblemKind.BadRequest, $"sort is '{sort}'; expected -created, created, -finished or queue");
        try
        {
            var page = Paging.Answer(context, await jobs.Page(filter, order.Value, cursor, size, ct), size, found => found.Cursor);
            return TypedResults.Ok(new Page<JobSummary>([.. page.Items.Select(found => found.Job)], page.Next));
        }
        catch (FormatException)
        {
            return Refusal.As(ProblemKind.BadRequest, $"cursor is '{cursor}'; expected the value of 'next' of the page before, under the same sort");
        }
    }

    static async Task<Results<Ok<Page<JobEventView>>, ProblemHttpResult>> Events(
        Guid id, HttpContext context, JobStore jobs, int? limit, string? cursor, CancellationToken ct)
    {
        if (Paging.Check(limit, cursor, LongestPage, out var size, out var after) is { } refused) return refused;
        if (await jobs.Find(id, Access.Caller.Sees(context.User), ct) is null) return Refusal.NotFound("job", id);
        return TypedResults.Ok(Paging.Answer(context, await jobs.Events(id, after ?? 0, size, ct), size, line => line.Id));
    }
}
