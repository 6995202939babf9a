namespace KdRobust.Api.Problems;

/// <summary>
/// A kind of refusal: its address is the <c>type</c> of a problem document (RFC 9457), and this service answers there
/// in words, so that nothing has to be looked up elsewhere.
/// </summary>
/// <param name="Slug">Last part of the address.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">The same for every occurrence.</param>
/// <param name="WhatToDo">For the page at the address.</param>
sealed record ProblemKind(string Slug, int Status, string Title, string WhatToDo)
{
    public static readonly ProblemKind SpecInvalid = new("spec-invalid", 400, "The experiment spec is not valid", "Each entry of 'errors' names a JSON path, what stands there and what is expected. Nothing was stored. The JSON schema is printed by 'kdr schema'.");
    public static readonly ProblemKind BadRequest = new("bad-request", 400, "The request is not understood", "'detail' names the parameter and what is expected. The interface is described at /docs.");
    public static readonly ProblemKind KeyMissing = new("key-missing", 401, "No valid API key", "Send 'Authorization: Bearer kdr_...' (or 'X-API-Key: kdr_...'). The local service writes an admin key into .kdr/key; the command line reads KDR_KEY, then that file.");
    public static readonly ProblemKind RoleTooSmall = new("role-too-small", 403, "The key may not do this", "Reading needs the role reader, submitting and changing submitter, and other owners' things, keys and the audit admin. Use another key.");
    public static readonly ProblemKind NotFound = new("not-found", 404, "There is nothing here", "The id is wrong, belongs to another owner, or the address does not exist. The interface is described at /docs.");
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", 405, "This address does not take that method", "The interface is described at /docs.");
    public static readonly ProblemKind Shared = new("job-shared", 409, "Other experiments use this job", "'experiments' names them. To cancel it for all of them, repeat the request with ?evenIfShared=true.");
    public static readonly ProblemKind ModelInUse = new("model-in-use", 409, "Jobs that have not ended read this file", "'jobs' names them. Wait for them, or cancel them; then delete the file.");
    public static readonly ProblemKind CountChanged = new("count-changed", 409, "Not as many match as you expected", "'count' says how many match now. Look at them (the same filter with GET), and repeat the request with that number as ?expect=.");
    public static readonly ProblemKind NotInThisState = new("not-in-this-state", 409, "It cannot be asked this in its state", "'detail' says why and what can be done instead. Nothing was changed.");
    public static readonly ProblemKind KeySpent = new("key-spent", 409, "The key opens nothing any more, or was rotated", "A revoked, expired or rotated key cannot be rotated. Make a new one.");
    public static readonly ProblemKind InProgress = new("idempotency-in-progress", 409, "A request under this Idempotency-Key is being carried out", "Send the same request again after the seconds in Retry-After: it gets the answer of the first.");
    public static readonly ProblemKind AnswerGone = new("idempotency-answer-gone", 409, "It was carried out, but its answer was not kept", "'effect' names what the first request made or changed; nothing was done now. Answers that hold a secret or are larger than 1 MiB are not kept; neither is the answer of a service that died before giving it.");
    public static readonly ProblemKind ScheduleExists = new("schedule-exists", 409, "There is a schedule of this name", "Names are unique among an owner's schedules. Choose another name, or delete the other schedule.");
    public static readonly ProblemKind TooLarge = new("too-large", 413, "The request is too large", "'detail' says how much is taken.");
    public static readonly ProblemKind NotJson = new("not-json", 415, "The body is not JSON", "Send the spec itself with 'Content-Type: application/json'.");
    public static readonly ProblemKind BodyEncoded = new("body-encoded", 415, "The body is not sent as it is", "Send JSON in UTF-8 and files byte for byte: without Content-Encoding, and without a charset other than utf-8.");
    public static readonly ProblemKind RangeNotSatisfiable = new("range-not-satisfiable", 416, "There are no such bytes", "Content-Range says how many bytes there are.");
    public static readonly ProblemKind KeyReused = new("idempotency-key-reused", 422, "The Idempotency-Key belongs to another request", "A key stands for one request (method, address and body) for 24 hours. Take a new one for a new request; a UUID is fine.");
    public static readonly ProblemKind TooMany = new("too-many-requests", 429, "This key asks too often", "Go on after the seconds in Retry-After. The event stream (/v1/events) tells what happens without asking, and lists take up to 500 items a page.");
    public static readonly ProblemKind Failed = new("failed", 500, "The service failed", "This is a mistake of ours. The service's log holds the details under the 'traceId' of this document.");
    public static readonly ProblemKind DatabaseAway = new("database-away", 503, "The database does not answer", "Try again after the seconds in Retry-After. If it stays so, look at the database: 'kdr status' and 'kdr doctor' help.");

    public static readonly ProblemKind TookTooLong = new("took-too-long", 504, "It took too long", "It may have been carried out all the same. Repeat it: with the same Idempotency-Key it has one effect. If it stays so, look at the database, or narrow the filter.");

    public static IReadOnlyList<ProblemKind> All { get; } =
        [SpecInvalid, BadRequest, KeyMissing, RoleTooSmall, NotFound, MethodNotAllowed, Shared, ModelInUse, ScheduleExists, CountChanged, NotInThisState, KeySpent, InProgress, AnswerGone, TooLarge, NotJson, BodyEncoded, RangeNotSatisfiable, KeyReused, TooMany, Failed, DatabaseAway, TookTooLong];

    /// <summary>Address relative to this service.</summary>
    public string Type => $"/problems/{Slug}";

    /// <summary>The kind for a bare status.</summary>
    public static ProblemKind Of(int status) => All.FirstOrDefault(kind => kind.Status == status && kind != SpecInvalid) ?? (status < 500 ? BadRequest : Failed);
}
