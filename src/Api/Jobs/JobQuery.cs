using System.ComponentModel;
using System.Security.Claims;
using KdRobust.Api.Hosting;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Lists;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace KdRobust.Api.Jobs;

/// <summary>Which jobs a request means; what is not given restricts nothing.</summary>
sealed record JobQuery
{
    [FromQuery(Name = "state"), Description("blocked, queued, running, paused, succeeded, failed or cancelled")]
    public string? State { get; init; }

    [FromQuery(Name = "kind"), Description("train, smoothing-eval, transfer-attack or import")]
    public string? Kind { get; init; }

    [FromQuery(Name = "owner"), Description("Another owner's, for an admin's key")]
    public string? Owner { get; init; }

    [FromQuery(Name = "device"), Description("cpu or cuda")]
    public string? Device { get; init; }

    [FromQuery(Name = "worker"), Description("The worker that has it, or had it last")]
    public string? Worker { get; init; }

    [FromQuery(Name = "contains"), Description("A part of the name, whatever the case")]
    public string? Contains { get; init; }

    [FromQuery(Name = "experiment"), Description("The experiment that uses it")]
    public Guid? Experiment { get; init; }

    [FromQuery(Name = "createdAfter"), Description("Submitted then or later (RFC 3339)")]
    public string? CreatedAfter { get; init; }

    [FromQuery(Name = "createdBefore"), Description("Submitted earlier (RFC 3339)")]
    public string? CreatedBefore { get; init; }

    /// <summary>The filter, restricted to what the caller may see; or what is wrong.</summary>
    public (JobFilter Filter, ProblemHttpResult? Refused) Read(ClaimsPrincipal user)
    {
        var query = new QueryText();
        var filter = new JobFilter(
            query.Owner(user, Owner), query.OneOf<JobState>("state", State), query.Text("kind", Kind), query.Text("device", Device), query.Text("worker", Worker), query.Text("contains", Contains),
            Experiment, query.Time("createdAfter", CreatedAfter), query.Time("createdBefore", CreatedBefore));
        return (filter, query.Refused);
    }
}
