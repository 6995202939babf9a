using System.Security.Claims;
using KdRobust.Api.Access;
using KdRobust.Api.Experiments;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Schedules;
using KdRobust.Queue.Chores;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Schedules;

/// <summary>Experiments that are submitted again and again.</summary>
static class ScheduleEndpoints
{
    const int FiringsShown = 50;

    public static void MapSchedules(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/schedules").WithTags("schedules");
        group.MapPost("", Add).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("addSchedule")
            .Accepts<ScheduleRequest>("application/json").ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415)
            .WithSummary("Submit an experiment at the times of a cron expression")
            .WithDescription("Each due time is submitted once, as a run of its own: its run number is the seconds of the due time since 2020-01-01T00:00:00Z. A firing later than a minute counts as missed.");
        group.MapGet("", List).WithName("listSchedules").WithSummary("Schedules in the order they were made");
        group.MapGet("/{id:guid}", Show).WithName("showSchedule").WithSummary("A schedule and what its last firings did");
        group.MapDelete("/{id:guid}", Remove).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("removeSchedule").WithSummary("Delete a schedule; the experiments it made stay");
        group.MapPost("/{id:guid}/pause", Pause).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("pauseSchedule").WithSummary("Let a schedule fire no more, until it is resumed");
        group.MapPost("/{id:guid}/resume", Resume).RequireAuthorization(Caller.Policy(ApiKeyRole.Submitter)).WithName("resumeSchedule")
            .WithSummary("Let a paused schedule fire again").WithDescription("What would have been due while it was paused is not made up for.");
    }

    static async Task<Results<Created<ScheduleResource>, ProblemHttpResult>> Add(
        HttpContext context, ScheduleStore schedules, ChoreScheduler scheduler, ApiOptions options, TimeProvider time, CancellationToken ct)
    {
        if (!context.Request.HasJsonContentType())
            return Refusal.As(ProblemKind.NotJson, $"Content-Type is {context.Request.ContentType ?? "missing"}; expected application/json");
        var body = await RequestText.Read(context.Request, options.LargestBody, ct);
        if (body.Refused is { } refused) return refused;
        var (wanted, problems) = ScheduleRequest.Read(body.Text, context.User.Owner());
        if (wanted is null) return SpecBody.Invalid(problems);
        try
        {
            var added = await schedules.Add(wanted, ct);
            scheduler.Changed();
            return TypedResults.Created($"/v1/schedules/{added.Id}", ScheduleResource.Of(added, time.GetUtcNow()));
        }
        catch (ScheduleExistsException exists)
        {
            return Refusal.As(ProblemKind.ScheduleExists, exists.Message);
        }
    }

    static async Task<Ok<IReadOnlyList<ScheduleResource>>> List(ClaimsPrincipal user, ScheduleStore schedules, TimeProvider time, CancellationToken ct) =>
        TypedResults.Ok<IReadOnlyList<ScheduleResource>>([.. (await schedules.List(user.Sees(), ct)).Select(view => ScheduleResource.Of(view, time.GetUtcNow()))]);

    static async Task<Results<Ok<ScheduleDetail>, ProblemHttpResult>> Show(Guid id, ClaimsPrincipal user, ScheduleStore schedules, TimeProvider time, CancellationToken ct) =>
        await schedules.Find(id, user.Sees(), ct) is { } view
            ? TypedResults.Ok(new ScheduleDetail(ScheduleResource.Of(view, time.GetUtcNow()), await schedules.Firings(id, FiringsShown, ct)))
            : Refusal.NotFound("schedule", id);

    static async Task<Results<NoContent, ProblemHttpResult>> Remove(Guid id, ClaimsPrincipal user, ScheduleStore schedules, ChoreScheduler scheduler, CancellationToken ct)
    {
        if (!await schedules.Remove(id, user.Sees(), ct)) return Refusal.NotFound("schedule", id);
        scheduler.Changed();
        return TypedResults.NoContent();
    }

    static Task<Results<Ok<ScheduleResource>, ProblemHttpResult>> Pause(Guid id, ClaimsPrincipal user, ScheduleStore schedules, ChoreScheduler scheduler, TimeProvider time, CancellationToken ct) =>
        Enable(id, false, user, schedules, scheduler, time, ct);

    static Task<Results<Ok<ScheduleResource>, ProblemHttpResult>> Resume(Guid id, ClaimsPrincipal user, ScheduleStore schedules, ChoreScheduler scheduler, TimeProvider time, CancellationToken ct) =>
        Enable(id, true, user, schedules, scheduler, time, ct);

    static async Task<Results<Ok<ScheduleResource>, ProblemHttpResult>> Enable(
        Guid id, bool enabled, ClaimsPrincipal user, ScheduleStore schedules, ChoreScheduler scheduler, TimeProvider time, CancellationToken ct)
    {
        if (!await schedules.SetEnabled(id, user.Sees(), enabled, ct) || await schedules.Find(id, user.Sees(), ct) is not { } view) return Refusal.NotFound("schedule", id);
        scheduler.Changed();
        return TypedResults.Ok(ScheduleResource.Of(view, time.GetUtcNow()));
    }
}
