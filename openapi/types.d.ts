/**
 * TypeScript types of the contract, generated from openapi.json by `npm run openapi`; do not edit.
 * Create a typed client with openapi-fetch: `createClient<paths>({ baseUrl })`.
 */

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check liveness
         * @description Returns 200 as long as the process runs, regardless of the database.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check readiness
         * @description Queries the database. Responds with 503 while the database is unreachable or the service is shutting down.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the status as text
         * @description Returns one line of plain text, for people and simple probes.
         */
        get: operations["status-text"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API versions
         * @description Returns each version of the API with its base path.
         */
        get: operations["api-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a greeting
         * @description Returns a greeting and the version of the service.
         */
        get: operations["welcome"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the status
         * @description Returns the status and version of the service.
         */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/feed.xml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the feed
         * @description Returns the 20 newest published posts as an Atom feed (RFC 4287). Links point to `posts/<slug>` in the configured web client. If none is configured, they point to this API and are relative to the URL of the feed. Ids change only with the URL of that client. The feed contains at most 100000 characters of HTML in total: posts that do not fit have only their summary.
         */
        get: operations["feed-read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Starts a session and sets its cookie. The response is the same for an unknown user, a user who may not sign in, and a wrong password. After several failures for one account or from one IP address, the response is 429: wait for the seconds in `Retry-After`. Each further failure doubles the wait, up to 15 minutes. A second cookie marks the browser as known to the account for a year: its failures are counted apart, so others who guess passwords do not delay it. `Idempotency-Key` is ignored: signing in twice is harmless, and a response that sets a cookie must not be stored.
         */
        post: operations["auth-login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Ends the session of this request: the session of the cookie, which is cleared, or that of the access token, whose tokens are rejected from then on. Without a credential, there is nothing to end, and the response is the same. Delete an API key to end it.
         *
         *     **API key:** not accepted.
         */
        post: operations["auth-logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the current session
         * @description Returns whether you are signed in, and as which user.
         *
         *     **API key:** needs the scope `me:read`.
         */
        get: operations["auth-session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/csrf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a CSRF token
         * @description Returns the token that a POST, PUT, PATCH or DELETE with a session cookie must send as `X-CSRF-Token`. The token is bound to the session: get a new one after signing in.
         */
        get: operations["auth-csrf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password-strength": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a password
         * @description Checks a password against the rules for new passwords and returns every rule that it breaks, in the language of `Accept-Language`. With `username` and `email`, it also checks that the password contains neither. The password is not stored.
         */
        post: operations["passwords-check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change your password
         * @description Changes your password, given the current one. All your other sessions end, and all your devices are forgotten except this browser. API keys and your calendar token stay valid unless `delete_api_keys` is true.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        post: operations["passwords-change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/forgot-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request a password reset
         * @description Sends a token to the email address if it belongs to a user who may sign in. The response is the same if it does not.
         */
        post: operations["passwords-forgot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset your password
         * @description Sets a new password with the token from a mail, which works once and for 30 minutes. All your sessions end, all your API keys and your calendar token are deleted, and all your devices are forgotten except this browser, which gets the cookie of a known device.
         */
        post: operations["passwords-reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register an account
         * @description Sends a token to the email address. The account is created when the token is sent to `POST /api/v1/auth/verify-email` with the password; until then, the username is reserved for 24 hours. Responds with 409 if the username is taken. The response never reveals whether the email address is already registered; the mail does. Responds with 429 if too many registrations from your network wait for confirmation. Of many registrations with one email address, the oldest give way to those from other networks.
         */
        post: operations["registrations-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify-email/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resend the confirmation mail
         * @description Sends a new token if an unconfirmed registration with this email address exists; the previous token becomes invalid. If there are several, mails are sent for at most three, those from your network first. The response is the same if there is none.
         */
        post: operations["registrations-resend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm an email address
         * @description Confirms an email address with the token from a mail, which works once. A requested change of address takes effect. A registration becomes an account, given the password that was chosen then: so neither who reads the mail can confirm the registration of somebody else, nor who registers the address of somebody else. A wrong password is answered as at sign-in, and throttled; the registration stays.
         */
        post: operations["emails-confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change your email address
         * @description Sends a token to the new email address. The change takes effect when the token is sent to `POST /api/v1/auth/verify-email`; the old address is then notified by mail. The response does not reveal whether another account uses the new address.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        post: operations["emails-change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get or renew tokens
         * @description The OAuth 2.0 token endpoint (RFC 6749, sections 4.3 and 6). A password starts a session; a refresh token renews its tokens. Each refresh token works once: use the new one from the response from then on. If the response is lost, send the same refresh token again within 5 seconds; reusing it later is treated as theft and ends the session. So is renewing the tokens of both responses: keep only the latest. A session ends 90 days after it started, unless configured otherwise, however often its tokens are renewed. Keep the `device_token` that a password returns and send it with the next one: others who guess passwords then do not delay you. An `Authorization` header is ignored.
         */
        post: operations["tokens-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Renew tokens
         * @description Exchanges a refresh token for new tokens, as the grant type `refresh_token` of `POST /api/v1/auth/token` does, for clients that send JSON.
         */
        post: operations["tokens-refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke tokens
         * @description Ends the session that a refresh token or access token belongs to, and with it all tokens of the session (RFC 7009). The response is the same for an unknown token.
         */
        post: operations["tokens-revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read your account
         * @description Returns your account with all fields.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `me:read`.
         */
        get: operations["me-read"];
        put?: never;
        post?: never;
        /**
         * Delete your account
         * @description Deletes your account permanently, with all your sessions, tokens and API keys. Your password confirms the deletion. The last administrator cannot be deleted.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        delete: operations["me-delete"];
        options?: never;
        head?: never;
        /**
         * Change your profile
         * @description Changes the given fields of your profile. Omitted fields keep their values.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `me:write`.
         */
        patch: operations["me-update"];
        trace?: never;
    };
    "/api/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your sessions
         * @description Returns your active sessions, most recently used first: one for each browser or client in which you are signed in. `current` marks the session of this request.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        get: operations["sessions-list"];
        put?: never;
        post?: never;
        /**
         * End all other sessions
         * @description Ends all your sessions except the session of this request.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        delete: operations["sessions-end-others"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session
         * @description Ends one of your sessions immediately: its cookie or tokens are no longer accepted. Ending the current session signs you out.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        delete: operations["sessions-end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your API keys
         * @description Returns your API keys, expired ones included, without their secrets.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        get: operations["api-keys-list"];
        put?: never;
        /**
         * Create an API key
         * @description Creates an API key, given your password, and notifies you by mail. The secret is shown only in this response; only its hash is stored. The key is limited to its scopes and to your own permissions. Send it as `Authorization: Bearer …` or as `X-API-Key`. You can have up to 50 keys. A reset of your password by mail deletes all of them. `Idempotency-Key` is ignored, because a response with a secret must not be stored.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        post: operations["api-keys-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete an API key
         * @description Deletes an API key. Further requests with the key are refused.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        delete: operations["api-keys-delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users
         * @description Returns users, filtered by `q` and sorted by `sort`. Everyone sees the public fields of active users; administrators see all users with all fields.
         *
         *     **Access:** everyone; signed-in users if the service is configured with `PUBLIC_USERS=false`. **API key:** needs the scope `users:read`.
         */
        get: operations["users-list"];
        put?: never;
        /**
         * Create a user
         * @description Creates a user. Without `password`, the user cannot sign in until invited with `POST /api/v1/users/{id}/invite`. Responds with 409 if the username or email address is taken, ignoring case. An API key cannot create an administrator, nor set a password.
         *
         *     **Access:** administrators. **API key:** needs the scope `users:write`.
         */
        post: operations["users-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a user
         * @description Returns a user: with all fields for administrators and the user, with the public fields for everyone else.
         *
         *     **Access:** everyone; signed-in users if the service is configured with `PUBLIC_USERS=false`. **API key:** needs the scope `users:read`.
         */
        get: operations["users-read"];
        /**
         * Replace a user
         * @description Replaces all fields of a user. Omitted fields are reset to their defaults; the role is kept. An API key cannot change an administrator or an email address, and only the profile of its own user.
         *
         *     **Access:** administrators. **API key:** needs the scope `users:write`.
         */
        put: operations["users-replace"];
        post?: never;
        /**
         * Delete a user
         * @description Deletes a user and ends their sessions. The last administrator cannot be deleted. An API key cannot do this to an administrator or to its own user.
         *
         *     **Access:** administrators. **API key:** needs the scope `users:write`.
         */
        delete: operations["users-delete"];
        options?: never;
        head?: never;
        /**
         * Change a user
         * @description Changes the given fields. Users can change their own profile; only administrators can change `username`, `email` and `is_active`. Deactivating a user ends all their sessions. An API key cannot change an administrator or an email address, and only the profile of its own user.
         *
         *     **Access:** the owner and administrators. **API key:** needs the scope `users:write`.
         */
        patch: operations["users-update"];
        trace?: never;
    };
    "/api/v1/users/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create users in bulk
         * @description Creates 1 to 1000 users in one statement. If one of them cannot be created, none is. The `loc` of each error contains the index of the user that caused it. An API key cannot create administrators.
         *
         *     **Access:** administrators. **API key:** needs the scope `users:write`.
         */
        post: operations["users-bulk-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Assign a role
         * @description Assigns a role or a permission mask. You can only grant permissions that you have. The last administrator cannot be demoted. An API key cannot make an administrator. An API key cannot do this to an administrator or to its own user.
         *
         *     **Access:** administrators. **API key:** needs the scope `users:write`.
         */
        put: operations["users-assign-role"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/invite": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite a user
         * @description Invites a user who has no password to choose one, by mail. If the service sends no mail, or the user has no email address, the response contains the token, once. It works once, within 7 days, with `POST /api/v1/auth/reset-password`, and replaces that of an earlier invitation.
         *
         *     **Access:** administrators. **API key:** not accepted.
         */
        post: operations["users-invite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/export.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export users as JSON
         * @description Returns all users in one array. Administrators get all users with all fields; everyone else gets the public fields of active users. The users are sorted by id and streamed, so their number is not limited. Each user, and each network of callers without an account, can run one export at a time; another one gets 429. Few exports run at once: beyond that, the response is 503. A client that reads less than 100 KiB a second may be disconnected, and so is every client after 15 minutes, or 5 without an account. The connection is then closed in the middle of the response, as it is if a user cannot be read.
         *
         *     **Access:** everyone; signed-in users if the service is configured with `PUBLIC_USERS=false`. **API key:** needs the scope `users:read`.
         */
        get: operations["users-export-json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/export.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export users as CSV
         * @description Returns all users as a table with a header line. Tags are joined by `, `, the address is JSON. Formulas are disarmed: an apostrophe stands before each text that a spreadsheet would calculate. Administrators get all users with all fields; everyone else gets the public fields of active users. The users are sorted by id and streamed, so their number is not limited. Each user, and each network of callers without an account, can run one export at a time; another one gets 429. Few exports run at once: beyond that, the response is 503. A client that reads less than 100 KiB a second may be disconnected, and so is every client after 15 minutes, or 5 without an account. The connection is then closed in the middle of the response, as it is if a user cannot be read.
         *
         *     **Access:** everyone; signed-in users if the service is configured with `PUBLIC_USERS=false`. **API key:** needs the scope `users:read`.
         */
        get: operations["users-export-csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List posts
         * @description Returns posts without their text, newest first by default. Drafts are visible only to their author and to editors: list them with `status=draft`.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["posts-list"];
        put?: never;
        /**
         * Create a post
         * @description Creates a post with you as its author. It is a draft unless `status` is `published`. An author can have 10,000 posts, including those in the trash; beyond that, the response is 409.
         *
         *     **Access:** users with the permission CREATE (2). **API key:** needs the scope `posts:write`.
         */
        post: operations["posts-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a post
         * @description Returns a post with its text. Drafts of other authors are visible only to editors; to everyone else they are not found. The `ETag` covers the whole response, but `If-Match` compares only the version in it, so a new view or a renamed author does not cause a 412.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["posts-read"];
        /**
         * Replace a post
         * @description Replaces all fields of a post. Omitted fields are reset to their defaults, except slug and status. A new status has the effect of `publish` or `unpublish`. Authors can change their own posts; editors can change any post.
         *
         *     **Access:** users with the permission UPDATE (4). **API key:** needs the scope `posts:write`.
         */
        put: operations["posts-replace"];
        post?: never;
        /**
         * Delete a post
         * @description Moves a post to the trash, where it can be restored for 30 days. Authors can delete their own posts; editors can delete any post.
         *
         *     **Access:** users with the permission UPDATE (4). **API key:** needs the scope `posts:write`.
         */
        delete: operations["posts-delete"];
        options?: never;
        head?: never;
        /**
         * Change a post
         * @description Changes the given fields. Omitted fields keep their values. A new status has the effect of `publish` or `unpublish`. Authors can change their own posts; editors can change any post.
         *
         *     **Access:** users with the permission UPDATE (4). **API key:** needs the scope `posts:write`.
         */
        patch: operations["posts-update"];
        trace?: never;
    };
    "/api/v1/posts/slug/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a post by slug
         * @description Returns the published post with this slug, as reading it by id does. If there is none, returns the draft with this slug that is visible to you, your own first. A former slug under which a post was published redirects to the current one with 301.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["posts-read-by-slug"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish a post
         * @description Makes a post visible to everyone. If another published post has its slug by now, a slug derived from the title gets a number; one that was given is refused with 409. A published post is not changed.
         *
         *     **Access:** users with the permission UPDATE (4). **API key:** needs the scope `posts:write`.
         */
        post: operations["posts-publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/{id}/unpublish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unpublish a post
         * @description Turns a post into a draft again, which also hides its comments. The publication time is lost. A draft is not changed.
         *
         *     **Access:** users with the permission UPDATE (4). **API key:** needs the scope `posts:write`.
         */
        post: operations["posts-unpublish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/popular": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List popular posts
         * @description Returns the most viewed published posts.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["posts-popular"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/archives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count posts by month
         * @description Returns the number of published posts per month (UTC), newest month first. `GET /api/v1/posts?month=` lists the posts of a month.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["posts-archives"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/by-author": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count posts by author
         * @description Returns the authors with the most published posts, with their total views and comments. Posts whose author was deleted are not counted.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["posts-by-author"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/by-tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count posts by tag
         * @description Returns the tags with the most published posts, with their total views.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["posts-by-tag"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the trash
         * @description Returns the posts, the comments, the tasks or the projects in the trash: your own that you deleted yourself, the projects that you own, or all posts and comments if you are an editor. They are purged after 30 days.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `trash:read`.
         */
        get: operations["trash-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trash/{kind}/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore from trash
         * @description Restores a post, comment, task or project as it was. If a published post has the slug of a restored one by now, a number is appended to it. Only editors can restore what an editor deleted; to others it is not found.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `trash:write`.
         */
        post: operations["trash-restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trash/{kind}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Purge from trash
         * @description Deletes a post, comment, task or project permanently; whoever can restore it can purge it. This cannot be undone.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `trash:write`.
         */
        delete: operations["trash-purge"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/categories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List categories
         * @description Returns categories with their number of published posts. To find one by its slug, filter by `slug`.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["categories-list"];
        put?: never;
        /**
         * Create a category
         * @description Creates a category (editors only). Responds with 409 if the name, ignoring case, or the slug is taken.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        post: operations["categories-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/categories/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a category
         * @description Returns a category with its number of published posts.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["categories-read"];
        /**
         * Replace a category
         * @description Replaces all fields of a category (editors only). Omitted fields are reset to their defaults, except the slug. `If-Match` compares only the version, so a new post does not cause a 412.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        put: operations["categories-replace"];
        post?: never;
        /**
         * Delete a category
         * @description Deletes a category (editors only). Its posts are kept, without a category.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        delete: operations["categories-delete"];
        options?: never;
        head?: never;
        /**
         * Change a category
         * @description Changes the given fields (editors only). Omitted fields keep their values.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        patch: operations["categories-update"];
        trace?: never;
    };
    "/api/v1/categories/{slug}/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the posts of a category
         * @description Returns the published posts of the category with this slug, without their text.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["categories-posts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tags
         * @description Returns tags with their number of published posts. To find one by its slug, filter by `slug`. Tags without published posts are visible to editors only. Those of drafts are private to their author, so several may have the same name.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["tags-list"];
        put?: never;
        /**
         * Create a tag
         * @description Creates a tag (editors only). Responds with 409 if the name, ignoring case, or the slug is taken.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        post: operations["tags-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tags/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a tag
         * @description Returns a tag with its number of published posts.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["tags-read"];
        /**
         * Replace a tag
         * @description Replaces all fields of a tag (editors only). An omitted slug is kept. `If-Match` compares only the version, so a new post does not cause a 412.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        put: operations["tags-replace"];
        post?: never;
        /**
         * Delete a tag
         * @description Deletes a tag (editors only). Its posts are kept, without the tag.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        delete: operations["tags-delete"];
        options?: never;
        head?: never;
        /**
         * Change a tag
         * @description Changes the given fields (editors only). Omitted fields keep their values.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `posts:write`.
         */
        patch: operations["tags-update"];
        trace?: never;
    };
    "/api/v1/tags/{slug}/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the posts of a tag
         * @description Returns the published posts of the tag with this slug, without their text.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["tags-posts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/{id}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List comments on a post
         * @description Returns the comment threads of a post, each with all its replies, as a tree or a flat list. A response contains at most 1000 comments, at most 1,000,000 bytes of them, and a tree at most 30 levels of replies. The deepest replies are cut off; `has_more_replies` marks comments with replies that are missing. A comment that was deleted, or that you cannot see, stays as an empty placeholder while you see replies to it.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["post-comments-list"];
        put?: never;
        /**
         * Comment on a post
         * @description Creates a comment on a post, or a reply if `parent_id` is set. Comments by editors are approved immediately. Until approved, all others are visible only to their author and to editors. An author can have 20,000 comments, including those in the trash; beyond that, the response is 409.
         *
         *     **Access:** users with the permission CREATE (2). **API key:** needs the scope `comments:write`.
         */
        post: operations["post-comments-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/{id}/comments/{comment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a comment on a post
         * @description Returns a comment, as reading it by its id alone does, if it is a comment on this post.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["post-comments-read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all comments
         * @description Returns the comments on all posts as a flat list, newest first (editors only). `is_approved=false&is_rejected=false` finds the pending comments.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `comments:write`.
         */
        get: operations["comments-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/comments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a comment
         * @description Returns a comment. Comments that are not approved are visible only to their author and to editors; deleted comments are not found.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["comments-read"];
        put?: never;
        post?: never;
        /**
         * Delete a comment
         * @description Moves a comment to the trash. Authors can delete their own comments; editors can delete any comment. If the comment has replies, an empty placeholder takes its place.
         *
         *     **Access:** users with the permission UPDATE (4). **API key:** needs the scope `comments:write`.
         */
        delete: operations["comments-delete"];
        options?: never;
        head?: never;
        /**
         * Edit a comment
         * @description Changes the text of your own comment, within 15 minutes after its creation. Unless you are an editor, the comment must then be approved again; until then, an empty placeholder takes its place for others if it has replies.
         *
         *     **Access:** users with the permission UPDATE (4). **API key:** needs the scope `comments:write`.
         */
        patch: operations["comments-update"];
        trace?: never;
    };
    "/api/v1/comments/{id}/replies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List replies to a comment
         * @description Returns the replies to a comment, each with all its replies, in the same form as the comments on a post. Use it to continue where `has_more_replies` is true.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["comments-list-replies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/comments/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve a comment
         * @description Makes a comment visible to everyone. With `If-Match`, only the version that you read is approved.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `comments:write`.
         */
        post: operations["comments-approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/comments/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reject a comment
         * @description Hides a comment from everyone except its author and editors. Approved replies to it stay visible, below an empty placeholder.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `comments:write`.
         */
        post: operations["comments-reject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/comments/moderate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Moderate comments in bulk
         * @description Approves, rejects or deletes several comments at once, each in the version that you have read. If any of them has changed since, none is changed, and the response is 412 with the versions that are out of date. Comments that do not exist are reported in the response and do not affect the others.
         *
         *     **Access:** users with the permission DELETE (8). **API key:** needs the scope `comments:write`.
         */
        post: operations["comments-moderate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your projects
         * @description Returns the projects that you are a member of, by name.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-list"];
        put?: never;
        /**
         * Create a project
         * @description Creates a project and makes you its owner. Responds with 409 if the key is or was that of a project, or if you are a member of 200 projects.
         *
         *     **Access:** users with the permission CREATE (2). **API key:** needs the scope `projects:write`.
         */
        post: operations["projects-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/key/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a project by key
         * @description Returns a project that you are a member of. A key that it had before redirects to the current one with 301.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-read-by-key"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a project
         * @description Returns a project that you are a member of. Others are not found.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-read"];
        put?: never;
        post?: never;
        /**
         * Delete a project
         * @description Moves a project with its tasks to the trash, from which an owner can restore it for 30 days. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["projects-delete"];
        options?: never;
        head?: never;
        /**
         * Change a project
         * @description Changes the given fields. Omitted fields keep their values. Task numbers with a former key still lead to the task. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        patch: operations["projects-update"];
        trace?: never;
    };
    "/api/v1/projects/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Archive a project
         * @description Makes a project read-only. An archived project is not changed. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["projects-archive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/unarchive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unarchive a project
         * @description Takes a project out of the archive. One outside it is not changed. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["projects-unarchive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/board": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the board of a project
         * @description Returns the columns of the board with their first tasks, in at most about 1,000,000 bytes. To stay up to date, subscribe to `project:{id}` since its `event_id`.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["project-tasks-board"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/key/{key}/tasks/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a task by its number
         * @description Returns the task that is called, for example, `WEB-1`. A key that the project had before redirects to the current one with 301.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["project-tasks-read-by-number"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tasks of a project
         * @description Returns the tasks of a project, newest first. A task must match all given filters. With `status` and `sort=position` it is a column of the board.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["project-tasks-list"];
        put?: never;
        /**
         * Create a task in a project
         * @description Creates a task, last in the column `todo`, with the next number of the project. A project has at most 20,000 tasks, including those in the trash. For members, not for viewers.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["project-tasks-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a task of a project
         * @description Returns a task of a project that you are a member of.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["project-tasks-read"];
        put?: never;
        post?: never;
        /**
         * Delete a task of a project
         * @description Moves a task to the trash, from which members can restore it for 30 days.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["project-tasks-delete"];
        options?: never;
        head?: never;
        /**
         * Change a task of a project
         * @description Changes the given fields. Omitted fields keep their values.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        patch: operations["project-tasks-update"];
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the history of a task
         * @description Returns who changed what of a task, newest first, as far back as events are kept.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["project-tasks-history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/transition": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Move a task to another status
         * @description Moves a task along the flow `todo`, `in_progress`, `review`, `done`, or one step back; `cancelled` is reached from all but `done`, and leads back to `todo`. Responds with 409 and the allowed statuses if the flow has no such move, and with 409 if the column has reached its limit, which owners can exceed with `force`. A repeating task that is done is followed by the next one.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["project-tasks-transition"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Move a task within its column
         * @description Puts a task after another one of its column, or first. However many people move tasks at the same time, all of them see one order.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["project-tasks-move"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change several tasks of a project
         * @description Makes the same change in up to 100 tasks: all of them are changed, or none. An error names the index of each task that is refused.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["project-tasks-bulk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/checklist": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a checklist item
         * @description Adds an item at the end of the checklist of a task, and returns the task.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["project-tasks-add-item"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/checklist/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a checklist item
         * @description Removes an item, and returns the task.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["project-tasks-remove-item"];
        options?: never;
        head?: never;
        /**
         * Change a checklist item
         * @description Changes the given fields of an item, and returns the task.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        patch: operations["project-tasks-change-item"];
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the comments on a task
         * @description Returns the comments on a task of a project, oldest first.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["task-comments-list"];
        put?: never;
        /**
         * Comment on a task
         * @description Creates a comment. You watch the task from then on, and so do the members whom you mention as `@username`, unless they have stopped watching it. A task has at most 2,000 comments. For members, not for viewers.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["task-comments-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/comments/{comment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a comment on a task
         * @description Returns a comment on a task of a project that you are a member of.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["task-comments-read"];
        put?: never;
        post?: never;
        /**
         * Delete a comment on a task
         * @description Deletes a comment permanently. Authors delete their own, owners of the project any.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["task-comments-delete"];
        options?: never;
        head?: never;
        /**
         * Edit a comment on a task
         * @description Changes the text of your own comment.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        patch: operations["task-comments-update"];
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/watchers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the watchers of a task
         * @description Returns the members who watch a task, those who have watched it longest first.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["task-watchers-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Watch a task
         * @description Lets you watch a task. Members watch a task that they create, are assigned to, comment on or are mentioned in, unless they have stopped watching it. Idempotent. Also for viewers, and in an archived project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        put: operations["task-watchers-watch"];
        post?: never;
        /**
         * Stop watching a task
         * @description Lets you stop watching a task, until you watch it again yourself. Idempotent. Also for viewers, and in an archived project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["task-watchers-unwatch"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/relations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the relations of a task
         * @description Returns all relations of a task, in both directions, except those to tasks in the trash, which return with the task.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["task-relations-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/relations/{kind}/{other_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Relate two tasks
         * @description Says that a task blocks, relates to, duplicates, or is a subtask of another one of the same project. Idempotent. Responds with 409 if the other one already blocks, duplicates, or is a subtask of this one, directly or through others, if it is a subtask of a third one, or if one of them has 50 relations. For members, not for viewers.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        put: operations["task-relations-add"];
        post?: never;
        /**
         * Remove a relation of two tasks
         * @description Removes a relation, also to a task in the trash. For members, not for viewers.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["task-relations-remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the labels of a project
         * @description Returns the labels of a project, by name.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-list-labels"];
        put?: never;
        /**
         * Create a label
         * @description Creates a label for the tasks of a project, at most 100.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["projects-create-label"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/labels/{label_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a label
         * @description Returns a label of a project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-read-label"];
        put?: never;
        post?: never;
        /**
         * Delete a label
         * @description Deletes a label permanently, and takes it off all tasks.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["projects-delete-label"];
        options?: never;
        head?: never;
        /**
         * Change a label
         * @description Changes the given fields. Omitted fields keep their values.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        patch: operations["projects-update-label"];
        trace?: never;
    };
    "/api/v1/projects/{id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the members of a project
         * @description Returns the members of a project, those of longest standing first.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-list-members"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/members/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a member from a project
         * @description Removes a member; with your own id, you leave the project. A former member sees nothing more of the project from then on, and is no longer assigned to its tasks. Responds with 409 if the project would have no owner. Only owners remove others.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["projects-remove-member"];
        options?: never;
        head?: never;
        /**
         * Change the role of a member
         * @description Gives a member another role. To hand on a project, make another member its owner. Responds with 409 if the project would have no owner. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        patch: operations["projects-change-member"];
        trace?: never;
    };
    "/api/v1/projects/{id}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the invitations to a project
         * @description Returns the open invitations to a project, newest first. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-list-invitations"];
        put?: never;
        /**
         * Invite to a project
         * @description Invites a user by username, or anyone by a mail to an address. The invited user becomes a member by accepting within 14 days. An earlier invitation of the same invitee is replaced. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["projects-invite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/invitations/{invitation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Withdraw an invitation to a project
         * @description Deletes an open invitation. Only for owners.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["projects-withdraw-invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your work
         * @description Returns the tasks of all your projects that you are assigned to, or those that you watch. Those that are due first come first, tasks without a due date last. Archived projects are left out.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["project-tasks-list-mine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/calendar.ics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read your calendar
         * @description Returns the tasks of your projects that are assigned to you, and your personal tasks, if they have a due date, as an iCalendar file (RFC 5545) with a whole-day event for each, from `start_on` to `due_on`. Tasks that are done or cancelled are left out. A calendar has the 1000 tasks whose due date is nearest, back to 90 days ago, and up to 2000 characters of a description. Programs that can send neither headers nor cookies read it with `token`, see `POST /api/v1/me/calendar-token`. Wrong tokens are answered 401, too many of them 429. Archived projects are left out. An API key reads personal tasks only if it also has the scope `tasks:read`.
         *
         *     **API key:** needs the scope `projects:read`.
         */
        get: operations["calendars-read-mine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/calendar.ics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the calendar of a project
         * @description Returns the tasks of a project that have a due date, as an iCalendar file (RFC 5545) with a whole-day event for each, from `start_on` to `due_on`. Tasks that are done or cancelled are left out. A calendar has the 1000 tasks whose due date is nearest, back to 90 days ago, and up to 2000 characters of a description. Programs that can send neither headers nor cookies read it with `token`, see `POST /api/v1/me/calendar-token`. Wrong tokens are answered 401, too many of them 429.
         *
         *     **API key:** needs the scope `projects:read`.
         */
        get: operations["calendars-read-project"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/calendar-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read your calendar token
         * @description Tells whether you have a calendar token, and when it was created and last used. The secret is not shown.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        get: operations["calendar-tokens-read"];
        put?: never;
        /**
         * Create or renew your calendar token
         * @description Creates a secret for calendar programs, which reads your calendar and those of your projects, and nothing else. A former one ends. The secret is shown only in this response, with the URLs to subscribe to; only its hash is stored. Whoever has a URL can read your tasks: a reset of your password by mail ends the token, and so does a change of the password with `delete_api_keys`. `Idempotency-Key` is ignored, because a response with a secret must not be stored.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        post: operations["calendar-tokens-create"];
        /**
         * Revoke your calendar token
         * @description Ends your calendar token, if you have one. Subscribed calendars get 401.
         *
         *     **Access:** signed-in users. **API key:** not accepted.
         */
        delete: operations["calendar-tokens-delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/project-invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your invitations to projects
         * @description Returns the open invitations by your username or to your confirmed email address, newest first.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["projects-list-my-invitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/project-invitations/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept an invitation to a project
         * @description Makes you a member of the project. The invitation is used up.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["projects-accept-invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/project-invitations/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept an invitation by its token
         * @description Makes you a member of the project that a mail invites to, whichever address it was sent to. The token is used up.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        post: operations["projects-accept-invitation-by-token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/project-invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Decline an invitation to a project
         * @description Deletes one of your invitations. Nobody is told.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:write`.
         */
        delete: operations["projects-decline-invitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your notifications
         * @description Returns your notifications, newest first, except those about projects that you have left and about things in the trash. Read notifications are deleted after 30 days, all after 180 days, and those beyond your newest 1,000.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:read`.
         */
        get: operations["notifications-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/unread-count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count your unread notifications
         * @description Counts at most 1,000 of them.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:read`.
         */
        get: operations["notifications-count-unread"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark several notifications as read
         * @description Marks the notifications with these `ids`, or all up to `up_to_id`, as read. Idempotent. Ids that are not yours are ignored.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        post: operations["notifications-mark-several-read"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Mark a notification as read
         * @description Marks the notification as read. Idempotent.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        put: operations["notifications-mark-read"];
        post?: never;
        /**
         * Mark a notification as unread
         * @description Marks the notification as unread. Idempotent.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        delete: operations["notifications-mark-unread"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/notification-settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read your notification settings
         * @description Returns how each kind of notification is delivered.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:read`.
         */
        get: operations["notification-settings-read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change your notification settings
         * @description Changes the given settings, for what happens from then on. Mails need a confirmed email address. You get at most 20 mails about single notifications in an hour; the others are part of the daily mail, which lists what is still unread.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        patch: operations["notification-settings-update"];
        trace?: never;
    };
    "/api/v1/projects/{id}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read whether a project is muted
         * @description Returns whether you have muted the project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:read`.
         */
        get: operations["projects-read-mute"];
        /**
         * Mute a project
         * @description You get no more notifications about the project and its tasks. Idempotent. Also for viewers, and in an archived project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        put: operations["projects-mute"];
        post?: never;
        /**
         * Unmute a project
         * @description You get notifications about the project again. Idempotent. Also for viewers, and in an archived project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        delete: operations["projects-unmute"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/tasks/{task_id}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read whether a task is muted
         * @description Returns whether you have muted the task itself.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:read`.
         */
        get: operations["task-mutes-read"];
        /**
         * Mute a task
         * @description You get no more notifications about the task, not even if you are mentioned. You can mute 1,000 tasks. Idempotent. Also for viewers, and in an archived project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        put: operations["task-mutes-mute"];
        post?: never;
        /**
         * Unmute a task
         * @description You get notifications about the task again. Idempotent. Also for viewers, and in an archived project.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `notifications:write`.
         */
        delete: operations["task-mutes-unmute"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your tasks
         * @description Returns your personal tasks, newest first. A task must match all given filters. Sorted by `due_on`, tasks without a due date come after all others.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:read`.
         */
        get: operations["tasks-list"];
        put?: never;
        /**
         * Create a task
         * @description Creates a personal task. Responds with 409 if you have 5,000 tasks, including those in the trash.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:write`.
         */
        post: operations["tasks-create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count your tasks
         * @description Returns how many personal tasks you have, and how many of them are done.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:read`.
         */
        get: operations["tasks-statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a task
         * @description Returns one of your personal tasks. Those of others are not found.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:read`.
         */
        get: operations["tasks-read"];
        put?: never;
        post?: never;
        /**
         * Delete a task
         * @description Moves a task to the trash, from which you can restore it for 30 days.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:write`.
         */
        delete: operations["tasks-delete"];
        options?: never;
        head?: never;
        /**
         * Change a task
         * @description Changes the given fields. Omitted fields keep their values.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:write`.
         */
        patch: operations["tasks-update"];
        trace?: never;
    };
    "/api/v1/tasks/{id}/flip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete or reopen a task
         * @description Completes a task that is not done, and reopens one that is. With `If-Match`, only in the state that you read; a repeated request would flip it back, so send an `Idempotency-Key` to retry safely.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:write`.
         */
        post: operations["tasks-flip"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/purge-completed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Purge completed tasks
         * @description Deletes all of your completed tasks permanently; tasks in the trash stay there. This cannot be undone.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `tasks:write`.
         */
        post: operations["tasks-purge-completed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open a WebSocket for live updates
         * @description Opens a WebSocket with `Upgrade: websocket` (RFC 6455), over which clients subscribe to topics and receive events; the guide describes the messages. Without `Upgrade`, returns how to connect. A cookie authenticates the connection if the page has the origin of the service or one of `CORS_ORIGINS`; a token is sent in a `sign_in` message, never in the URL. A WebSocket is closed with code 1013 if the user has 20 others or the client does not read, with 3000 when its credential ends, and with 1008 after more than 100 messages within 10 seconds. Clients must answer pings, as browsers do.
         *
         *     **API key:** needs the scope `live:read`.
         */
        get: operations["live-ws"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream live updates
         * @description Sends the events of the topics as server-sent events, each with its `id` and a `LiveEvent` as `data`. The stream begins with an event `subscribed`, with the position in `data`. After a lost connection, browsers send `Last-Event-ID` and get what they have missed; if that is no longer there, an event `resync` says so: read what you show again. Events `presence`, without an id, list the users who look at a project or task. Set `max_seconds` to see a stream on a page that shows only whole responses. The stream ends when its credential does. It answers 429 if the user, or the network of a caller without one, has 20 others.
         *
         *     **API key:** needs the scope `live:read`.
         */
        get: operations["live-events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List roles
         * @description Returns all roles, from fewest to most permissions, and all permissions with their bits.
         *
         *     **API key:** needs the scope `users:read`.
         */
        get: operations["roles-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search posts and comments
         * @description Returns the posts and comments that match all words and that you may see. Matches in the title rank highest, then matches in summary and tags, then matches in the text. Only the newest 1000 matches of each kind are ranked and counted in `total`: posts, posts with all words in the title, and comments. `sort=popular` adds the 1000 most viewed matches. If the texts of the matching posts are very long together, only the newest are ranked by their texts. There is no cursor: `next_cursor` is always null. Few searches run at once: if too many are waiting, the response is 503 with the code `too_busy`.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search/suggest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Suggest search texts
         * @description Returns published posts with a title word that begins with the last word of `q`, and categories and tags with a name that begins with `q`.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["search-suggest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search tasks and comments on them
         * @description Returns the tasks of your projects, the comments on them, and your personal tasks that match all words. Matches in the summary rank highest. Nothing of the trash is found, and nothing of projects that you are not a member of. An API key finds personal tasks only if it also has the scope `tasks:read`. Only the newest 1000 matches of each kind are ranked and counted in `total`: tasks, tasks with all words in the summary, and comments. There is no cursor: `next_cursor` is always null. Few searches run at once: if too many are waiting, the response is 503 with the code `too_busy`.
         *
         *     **Access:** signed-in users. **API key:** needs the scope `projects:read`.
         */
        get: operations["search-tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit log
         * @description Returns audit log entries, newest first. An entry is written in the same transaction as the change that it records. It is removed after a year, unless the service is configured otherwise, and the personal data of a deleted user is erased from it; nothing else changes an entry. Repeats of a refused attempt to sign in, from the same network within an hour, are counted in one entry (`count`, `last_at`). If one network tries more than 20 names within that time, or all networks more than 500, further attempts are counted together; their entry has no `resource_id` and `accounts: 'several'` in `after`. An entry must match all given filters.
         *
         *     **Access:** administrators. **API key:** needs the scope `audit:read`.
         */
        get: operations["audit-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List jobs
         * @description Returns the background jobs that are not completed, oldest first. Completed jobs are removed; failed jobs are kept for 30 days, with their last error.
         *
         *     **Access:** administrators. **API key:** needs the scope `jobs:read`.
         */
        get: operations["jobs-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry a job
         * @description Makes a job due immediately and resets its attempts. Responds with 409 and the code `job_running` if the job is running.
         *
         *     **Access:** administrators. **API key:** needs the scope `jobs:write`.
         */
        post: operations["jobs-retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/db": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe the database
         * @description Returns the version of the server, the database, and the user of the service.
         *
         *     **Access:** administrators. **API key:** needs the scope `system:read`.
         */
        get: operations["admin-database"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count resources
         * @description Returns the number of users, posts, comments and other resources. Counting shares the limits of searches.
         *
         *     **Access:** administrators. **API key:** needs the scope `system:read`.
         */
        get: operations["admin-statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a greeting
         * @description Returns a greeting and the version of the service.
         */
        get: operations["v2-welcome"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the status
         * @description Returns the status and version of the service.
         */
        get: operations["v2-status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users
         * @description Returns users, filtered by `q` and sorted by `sort`. Everyone sees the public fields of active users; administrators see all users with all fields.
         *
         *     **Access:** everyone; signed-in users if the service is configured with `PUBLIC_USERS=false`. **API key:** needs the scope `users:read`.
         */
        get: operations["v2-users-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a user
         * @description Returns a user: with all fields for administrators and the user, with the public fields for everyone else.
         *
         *     **Access:** everyone; signed-in users if the service is configured with `PUBLIC_USERS=false`. **API key:** needs the scope `users:read`.
         */
        get: operations["v2-users-read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/articles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List posts
         * @description Returns posts without their text, newest first by default. Drafts are visible only to their author and to editors: list them with `status=draft`.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["v2-articles-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v2/articles/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a post
         * @description Returns a post with its text. Drafts of other authors are visible only to editors; to everyone else they are not found. The `ETag` covers the whole response, but `If-Match` compares only the version in it, so a new view or a renamed author does not cause a 412.
         *
         *     **API key:** needs the scope `posts:read`.
         */
        get: operations["v2-articles-read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dev/mail.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List kept mails
         * @description Returns the mails that a development service without a mail server has kept in memory, newest first. Only for requests from the same machine; 404 for all others, and in other environments.
         */
        get: operations["dev-mail-list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/sum": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send an integer in the query
         * @description Adds the integers from 1 to `n`. A number with a fraction is rejected.
         */
        get: operations["playground-sum"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/invoice/{amount}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send a positive number in the path
         * @description Returns the amount as a number and as text, rounded to two decimals.
         */
        get: operations["playground-invoice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/path/{subpath}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send a path in the path
         * @description Takes the rest of the path as one value, slashes included.
         */
        get: operations["playground-path"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/items/{items}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send a list in the path
         * @description Splits the value at commas. An error contains the index of the invalid value.
         */
        get: operations["playground-items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/version/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send a version in the path
         * @description Accepts a version of the form `1.2.3`. Any other value is answered with 422, not with 404.
         */
        get: operations["playground-version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/choice/{page}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send an enum value in the path
         * @description Accepts only the listed values. The error for any other value lists them.
         */
        get: operations["playground-choice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/uuid/{uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send a UUID in the path
         * @description Accepts a UUID of any version, in upper or lower case, and returns it in canonical form.
         */
        get: operations["playground-uuid"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/item/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send path and query parameters
         * @description Returns an id from the path and an optional text from the query, which is null if omitted.
         */
        get: operations["playground-item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/posts/{id}/comments/{cid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send two ids in a nested path
         * @description Returns both ids. If both are invalid, the error reports both.
         */
        get: operations["playground-comment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/hello": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Omit an optional path segment
         * @description Returns a greeting for everybody, from the same handler as with a name.
         */
        get: operations["playground-hello"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/hello/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send an optional path segment
         * @description Returns a greeting for the name in the path, from the same handler as without a name.
         */
        get: operations["playground-hello-name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Try all query parameter options
         * @description Shows defaults, lengths, inclusive and exclusive limits, a pattern, titles, a repeatable and a deprecated parameter. `playground-search` shows a required one.
         */
        get: operations["playground-query"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send a search query
         * @description Returns a required search text with page, size and sort order, without searching.
         */
        get: operations["playground-search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/greet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Send any script in the query
         * @description Returns a greeting in plain text. The name is percent-encoded UTF-8.
         */
        get: operations["playground-greet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/context": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the request context
         * @description Returns the context in which a handler runs: the application, the request and its id.
         */
        get: operations["playground-context"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/inspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Inspect a GET request
         * @description Returns the method, URL, headers, query, form and JSON as parsed. Values that are named like a password, token or key are redacted everywhere.
         */
        get: operations["playground-inspect-get"];
        /**
         * Inspect a PUT request
         * @description Returns the method, URL, headers, query, form and JSON as parsed. Values that are named like a password, token or key are redacted everywhere.
         */
        put: operations["playground-inspect-put"];
        /**
         * Inspect a POST request
         * @description Returns the method, URL, headers, query, form and JSON as parsed. Values that are named like a password, token or key are redacted everywhere.
         */
        post: operations["playground-inspect-post"];
        /**
         * Inspect a DELETE request
         * @description Returns the method, URL, headers, query, form and JSON as parsed. Values that are named like a password, token or key are redacted everywhere.
         */
        delete: operations["playground-inspect-delete"];
        options?: never;
        head?: never;
        /**
         * Inspect a PATCH request
         * @description Returns the method, URL, headers, query, form and JSON as parsed. Values that are named like a password, token or key are redacted everywhere.
         */
        patch: operations["playground-inspect-patch"];
        trace?: never;
    };
    "/api/v1/playground/echo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Echo a GET request
         * @description Returns the request and its body as a few lines of plain text. Values that are named like a password, token or key are redacted; for a binary body, only the length is shown.
         */
        get: operations["playground-echo-get"];
        /**
         * Echo a PUT request
         * @description Returns the request and its body as a few lines of plain text. Values that are named like a password, token or key are redacted; for a binary body, only the length is shown.
         */
        put: operations["playground-echo-put"];
        /**
         * Echo a POST request
         * @description Returns the request and its body as a few lines of plain text. Values that are named like a password, token or key are redacted; for a binary body, only the length is shown.
         */
        post: operations["playground-echo-post"];
        /**
         * Echo a DELETE request
         * @description Returns the request and its body as a few lines of plain text. Values that are named like a password, token or key are redacted; for a binary body, only the length is shown.
         */
        delete: operations["playground-echo-delete"];
        options?: never;
        head?: never;
        /**
         * Echo a PATCH request
         * @description Returns the request and its body as a few lines of plain text. Values that are named like a password, token or key are redacted; for a binary body, only the length is shown.
         */
        patch: operations["playground-echo-patch"];
        trace?: never;
    };
    "/api/v1/playground/headers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get client information
         * @description Returns the browser, operating system and languages of the client, and whether an `Authorization` header was sent.
         */
        get: operations["playground-headers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/cookies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List cookies
         * @description Returns the names of all cookies. Their values are redacted, because they may be secret.
         */
        get: operations["playground-cookies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/form": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a form
         * @description Parses a form with a repeatable field. The password is not returned.
         */
        post: operations["playground-form"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send nested JSON
         * @description Returns the JSON as parsed. A body that is not JSON is answered with 422; the error contains the position of the first wrong character.
         */
        post: operations["playground-json"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pretend to create a user
         * @description Returns the user with 201, without creating it. With an `Idempotency-Key`, a retry gets the first response again.
         */
        post: operations["playground-users"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/calc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Calculate from a form
         * @description Calculates `a op b` from a form. Valid values can still be impossible to process: a division by zero is answered with 400 and the code `division_by_zero`.
         */
        post: operations["playground-calc"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get plain text
         * @description Returns plain text in UTF-8 instead of JSON.
         */
        get: operations["playground-response-text"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get JSON
         * @description Returns compact JSON, or indented JSON with `pretty`.
         */
        get: operations["playground-response-json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/custom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get 201 with custom headers
         * @description Returns status 201, a non-standard header, and a `Cache-Control` that forbids caching.
         */
        get: operations["playground-response-custom"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/empty": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an empty response
         * @description Returns 204 without a body and without a `Content-Type`.
         */
        get: operations["playground-response-empty"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/cookie": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a cookie
         * @description Sets the cookie `session_token` (HttpOnly, Secure, SameSite=Lax) for one hour, for the paths of the playground only. `playground-cookies` shows whether the client stored it.
         */
        get: operations["playground-response-cookie"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/redirect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a redirect
         * @description Redirects to the plain text with 302. A client that follows redirects gets 200.
         */
        get: operations["playground-response-redirect"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file
         * @description Returns an attachment with a file name. A browser saves it instead of showing it.
         */
        get: operations["playground-response-download"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/responses/csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a CSV table
         * @description Returns a table with a header line and two rows (RFC 4180), as an attachment.
         */
        get: operations["playground-response-csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/async": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a delayed response
         * @description Responds after 100 ms, without blocking other requests.
         */
        get: operations["playground-async"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream server-sent events
         * @description Sends 10 events, 0.5 s apart, as `text/event-stream`, and then ends the stream. The stream also ends when the client disconnects. One stream at a time is open per user, and per network of callers without a session; others get 429. If 100 streams are open, the response is 503.
         */
        get: operations["playground-stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/error": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Provoke an internal error
         * @description Divides 1000 by `divisor` without checking it. With 0, the default, the service fails: the response is 500 with the request id, and the log contains the cause.
         */
        get: operations["playground-error"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/playground/upstream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch from the upstream
         * @description Fetches the configured upstream URL and returns its JSON. Responds with 404 if no upstream is configured; 502 if the upstream is unreachable, fails, or returns anything but JSON; 504 if it takes longer than 3 s.
         */
        get: operations["playground-upstream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ws/echo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Echo over a WebSocket
         * @description Opens a WebSocket with `Upgrade: websocket` (RFC 6455); each text message `x` is answered with `Echo: x`. Without `Upgrade`, returns how to connect. Without a session, one WebSocket per network is accepted, with a session 5; further ones are closed with code 1013. A WebSocket is closed with code 3008 after 5 minutes without a message or 60 minutes in all, and with code 1008 after more than 100 messages within 10 seconds. Clients must answer pings, as browsers do.
         */
        get: operations["playground-ws-echo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * DatabaseInfo
         * @description The database of the service
         * @example {
         *       "version": "PostgreSQL 16.14",
         *       "database": "althing",
         *       "user": "althing"
         *     }
         */
        DatabaseInfo: {
            /** @description The name and version of the server */
            version: string;
            /** @description The name of the database */
            database: string;
            /** @description The database user that the service connects as */
            user: string;
        };
        /**
         * ServiceStatistics
         * @description The number of stored resources
         * @example {
         *       "users": 12,
         *       "active_users": 11,
         *       "posts": 40,
         *       "published_posts": 35,
         *       "comments": 128,
         *       "pending_comments": 3,
         *       "categories": 4,
         *       "tags": 17,
         *       "sessions": 6
         *     }
         */
        ServiceStatistics: {
            /** @description The number of users */
            users: number;
            /** @description The number of users who can sign in */
            active_users: number;
            /** @description The number of posts, without those in the trash */
            posts: number;
            /** @description The number of published posts */
            published_posts: number;
            /** @description The number of comments, without those in the trash */
            comments: number;
            /** @description The number of comments that wait for moderation */
            pending_comments: number;
            /** @description The number of categories */
            categories: number;
            /** @description The number of tags */
            tags: number;
            /** @description The number of sessions that have not expired */
            sessions: number;
        };
        /**
         * ApiKey
         * @description An API key without its secret, of which only a hash is stored
         * @example {
         *       "id": 3,
         *       "name": "Nightly backup",
         *       "prefix": "alt_5f0c12ab",
         *       "scopes": [
         *         "users:read"
         *       ],
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "last_used_at": null,
         *       "expires_at": "2027-01-31T00:00:00.000Z"
         *     }
         */
        ApiKey: {
            /**
             * @description The id of the API key
             * @example 1
             */
            id: number;
            /**
             * @description A label for the key
             * @example Nightly backup
             */
            name: string;
            /**
             * @description The first characters of the key, to identify it
             * @example alt_5f0c12ab
             */
            prefix: string;
            /**
             * @description The scopes of the key. It never has more permissions than its user.
             * @example [
             *       "users:read"
             *     ]
             */
            scopes: ("users:read" | "users:write" | "me:read" | "me:write" | "posts:read" | "posts:write" | "comments:write" | "tasks:read" | "tasks:write" | "projects:read" | "projects:write" | "notifications:read" | "notifications:write" | "trash:read" | "trash:write" | "live:read" | "audit:read" | "jobs:read" | "jobs:write" | "system:read")[];
            /**
             * Format: date-time
             * @description When the key was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /** @description When the key was last used, accurate to the minute; null if never */
            last_used_at: string | null;
            /** @description When the key expires; null if never */
            expires_at: string | null;
        };
        /**
         * ApiKeyCreate
         * @description The API key to create, and your password
         * @example {
         *       "name": "Nightly backup",
         *       "scopes": [
         *         "users:read"
         *       ],
         *       "current_password": "Correct-Horse-9"
         *     }
         */
        ApiKeyCreate: {
            /**
             * @description A label for the key
             * @example Nightly backup
             */
            name: string;
            /**
             * @description The scopes of the key. It never has more permissions than its user.
             * @example [
             *       "users:read"
             *     ]
             */
            scopes: ("users:read" | "users:write" | "me:read" | "me:write" | "posts:read" | "posts:write" | "comments:write" | "tasks:read" | "tasks:write" | "projects:read" | "projects:write" | "notifications:read" | "notifications:write" | "trash:read" | "trash:write" | "live:read" | "audit:read" | "jobs:read" | "jobs:write" | "system:read")[];
            /**
             * @description When the key expires; null for a key that never expires
             * @default null
             */
            expires_at?: string | null;
            /**
             * Format: password
             * @description Your current password
             */
            current_password: string;
        };
        /**
         * ApiKeyCreated
         * @description A new API key, with its secret
         * @example {
         *       "id": 3,
         *       "name": "Nightly backup",
         *       "prefix": "alt_5f0c12ab",
         *       "scopes": [
         *         "users:read"
         *       ],
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "last_used_at": null,
         *       "expires_at": "2027-01-31T00:00:00.000Z",
         *       "key": "alt_5f0c12ab_bm90LWEtcmVhbC1rZXktYnV0LWFzLWxvbmctYXMtb24"
         *     }
         */
        ApiKeyCreated: {
            /**
             * @description The id of the API key
             * @example 1
             */
            id: number;
            /**
             * @description A label for the key
             * @example Nightly backup
             */
            name: string;
            /**
             * @description The first characters of the key, to identify it
             * @example alt_5f0c12ab
             */
            prefix: string;
            /**
             * @description The scopes of the key. It never has more permissions than its user.
             * @example [
             *       "users:read"
             *     ]
             */
            scopes: ("users:read" | "users:write" | "me:read" | "me:write" | "posts:read" | "posts:write" | "comments:write" | "tasks:read" | "tasks:write" | "projects:read" | "projects:write" | "notifications:read" | "notifications:write" | "trash:read" | "trash:write" | "live:read" | "audit:read" | "jobs:read" | "jobs:write" | "system:read")[];
            /**
             * Format: date-time
             * @description When the key was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /** @description When the key was last used, accurate to the minute; null if never */
            last_used_at: string | null;
            /** @description When the key expires; null if never */
            expires_at: string | null;
            /** @description The secret to send with requests. It is shown only in this response. */
            key: string;
        };
        /**
         * ApiKeyPage
         * @description One page of API keys
         * @example {
         *       "items": [
         *         {
         *           "id": 3,
         *           "name": "Nightly backup",
         *           "prefix": "alt_5f0c12ab",
         *           "scopes": [
         *             "users:read"
         *           ],
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "last_used_at": null,
         *           "expires_at": "2027-01-31T00:00:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        ApiKeyPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["ApiKey"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * AuditActor
         * @description The user who performed an action
         * @example {
         *       "id": 1,
         *       "username": "alice"
         *     }
         */
        AuditActor: {
            /**
             * @description The id of the user
             * @example 1
             */
            id: number;
            /** @description The current username; null if the user was deleted */
            username: string | null;
        };
        /**
         * AuditEntry
         * @description An entry of the audit log: who did what, when and from where. Passwords, tokens and keys are never recorded.
         * @example {
         *       "id": 42,
         *       "at": "2026-01-31T09:30:00.000Z",
         *       "last_at": "2026-01-31T09:30:00.000Z",
         *       "count": 1,
         *       "actor": {
         *         "id": 1,
         *         "username": "alice"
         *       },
         *       "credential": "session",
         *       "action": "user.role",
         *       "resource": "user",
         *       "resource_id": "17",
         *       "address": "192.0.2.7",
         *       "request_id": "6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10",
         *       "before": {
         *         "role": "author",
         *         "permissions": 7
         *       },
         *       "after": {
         *         "role": "editor",
         *         "permissions": 15
         *       },
         *       "erased_at": null
         *     }
         */
        AuditEntry: {
            /** @description The id of the entry */
            id: number;
            /**
             * Format: date-time
             * @description When the action was performed; the first time if it was repeated
             * @example 2026-01-31T09:30:00.000Z
             */
            at: string;
            /**
             * Format: date-time
             * @description When the action was performed last; equals `at` unless it was repeated
             * @example 2026-01-31T09:30:00.000Z
             */
            last_at: string;
            /** @description How often the action was performed. Above 1 only for refused attempts: repeats of the same attempt from the same network within an hour are counted in one entry. */
            count: number;
            /** @description The user who performed the action; null if the caller was not signed in, or if no request caused the action */
            actor: components["schemas"]["AuditActor"] | null;
            /** @description The credential that authenticated the request; null if there was none, for example at sign-in */
            credential: ("session" | "token" | "key") | null;
            /**
             * @description The action
             * @example user.role
             * @enum {string}
             */
            action: "user.create" | "user.change" | "user.delete" | "user.role" | "user.invite" | "account.register" | "account.verify" | "account.change" | "account.email" | "account.password" | "account.reset_password" | "account.accept_invitation" | "account.delete" | "account.sign_in_refused" | "account.password_refused" | "session.begin" | "session.end" | "session.end_others" | "token.reuse" | "api_key.create" | "api_key.delete" | "calendar_token.create" | "calendar_token.delete" | "post.create" | "post.change" | "post.publish" | "post.unpublish" | "post.delete" | "post.restore" | "post.purge" | "comment.change" | "comment.approve" | "comment.reject" | "comment.delete" | "comment.restore" | "comment.purge" | "category.create" | "category.change" | "category.delete" | "tag.create" | "tag.change" | "tag.delete" | "task.create" | "task.change" | "task.delete" | "task.restore" | "task.purge" | "task.transition" | "task.move" | "task.purge_completed" | "task.import" | "task.relate" | "task.unrelate" | "task_comment.change" | "task_comment.delete" | "label.create" | "label.change" | "label.delete" | "project.create" | "project.change" | "project.archive" | "project.unarchive" | "project.delete" | "project.restore" | "project.purge" | "project.join" | "project.leave" | "project.change_member" | "project.remove_member" | "project.invite" | "project.withdraw_invitation" | "notification_settings.change" | "job.retry" | "audit.trim";
            /**
             * @description The type of the affected resource
             * @example user
             */
            resource: string;
            /**
             * @description The id of the affected resource; null if there is no single one
             * @example 17
             */
            resource_id: string | null;
            /** @description The IP address of the client, for a repeated action that of the first time; null if no request caused the action, or if it was erased */
            address: string | null;
            /**
             * @description The `X-Request-ID` of the request; null if no request caused the action
             * @example 6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10
             */
            request_id: string | null;
            /** @description The recorded fields before the action; null if there are none. A value of more than 256 bytes, other than scopes, is replaced by its SHA-256, as in `bio_sha256`. */
            before: {
                [key: string]: unknown;
            } | null;
            /** @description The recorded fields after the action; null if there are none. A value of more than 256 bytes, other than scopes, is replaced by its SHA-256, as in `bio_sha256`. */
            after: {
                [key: string]: unknown;
            } | null;
            /** @description When personal data was erased from the entry because its user was deleted: IP addresses and the values of personal fields are null since then. Null if nothing was erased. */
            erased_at: string | null;
            /** @description True if `before` and `after` were left out because the response would have more than 1,000,000 bytes; absent otherwise. A smaller page has them. */
            is_truncated?: boolean;
        };
        /**
         * AuditPage
         * @description One page of audit log entries
         * @example {
         *       "items": [
         *         {
         *           "id": 42,
         *           "at": "2026-01-31T09:30:00.000Z",
         *           "last_at": "2026-01-31T09:30:00.000Z",
         *           "count": 1,
         *           "actor": {
         *             "id": 1,
         *             "username": "alice"
         *           },
         *           "credential": "session",
         *           "action": "user.role",
         *           "resource": "user",
         *           "resource_id": "17",
         *           "address": "192.0.2.7",
         *           "request_id": "6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10",
         *           "before": {
         *             "role": "author",
         *             "permissions": 7
         *           },
         *           "after": {
         *             "role": "editor",
         *             "permissions": 15
         *           },
         *           "erased_at": null
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        AuditPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["AuditEntry"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * CsrfToken
         * @description A CSRF token, valid for the current session
         * @example {
         *       "csrf_token": "x1Yz…"
         *     }
         */
        CsrfToken: {
            /** @description The token to send as `X-CSRF-Token` */
            csrf_token: string;
        };
        /**
         * Login
         * @description The credentials to sign in with
         * @example {
         *       "username": "admin",
         *       "password": "Correct-Horse-9"
         *     }
         */
        Login: {
            /** @description The username or email address */
            username: string;
            /**
             * Format: password
             * @description The password of the account
             */
            password: string;
            /**
             * @description Keeps the session for 30 days after its last use instead of 30 minutes, but not beyond the time at which every session ends: 30 days after it started, unless configured otherwise
             * @default false
             */
            remember?: boolean;
        };
        /**
         * LoginStatus
         * @description The session was started
         * @example {
         *       "status": "login_ok"
         *     }
         */
        LoginStatus: {
            /**
             * @description Always `login_ok`
             * @enum {string}
             */
            status: "login_ok";
        };
        /**
         * LogoutStatus
         * @description The session was ended
         * @example {
         *       "status": "logged_out"
         *     }
         */
        LogoutStatus: {
            /**
             * @description Always `logged_out`
             * @enum {string}
             */
            status: "logged_out";
        };
        /**
         * SessionStatus
         * @description Whether the caller is signed in, and as which user
         * @example {
         *       "status": "logged_in",
         *       "username": "alice"
         *     }
         * @example {
         *       "status": "not_logged_in"
         *     }
         */
        SessionStatus: {
            /**
             * @description Whether the caller is signed in
             * @enum {string}
             */
            status: "logged_in" | "not_logged_in";
            /** @description The username of the signed-in user; absent if nobody is signed in */
            username?: string;
        };
        /**
         * Board
         * @description The board of a project
         * @example {
         *       "project_id": 1,
         *       "key": "WEB",
         *       "event_id": 4711,
         *       "columns": [
         *         {
         *           "status": "todo",
         *           "count": 0,
         *           "limit": null,
         *           "tasks": [],
         *           "next_cursor": null
         *         },
         *         {
         *           "status": "in_progress",
         *           "count": 1,
         *           "limit": 3,
         *           "tasks": [
         *             {
         *               "id": 101,
         *               "project_id": 1,
         *               "number": 12,
         *               "summary": "Compare the fonts",
         *               "status": "in_progress",
         *               "allowed_transitions": [
         *                 "review",
         *                 "todo",
         *                 "cancelled"
         *               ],
         *               "position": "a0",
         *               "priority": "normal",
         *               "assignee_ids": [
         *                 2
         *               ],
         *               "label_ids": [
         *                 1
         *               ],
         *               "start_on": null,
         *               "due_on": "2026-02-14",
         *               "time_zone": "Europe/Berlin",
         *               "due_at": "2026-02-14T23:00:00.000Z",
         *               "estimate": 90,
         *               "recurrence": null,
         *               "checklist_total": 1,
         *               "checklist_done": 0,
         *               "creator_id": 1,
         *               "completed_at": null,
         *               "created_at": "2026-01-31T09:30:00.000Z",
         *               "updated_at": "2026-01-31T09:30:00.000Z"
         *             }
         *           ],
         *           "next_cursor": null
         *         }
         *       ]
         *     }
         */
        Board: {
            /**
             * @description The id of the project
             * @example 1
             */
            project_id: number;
            /**
             * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
             * @example WEB
             */
            key: string;
            /** @description The id of the last event that the board contains: subscribe to `project:{id}` since it */
            event_id: number;
            /** @description The columns, from left to right */
            columns: components["schemas"]["BoardColumn"][];
        };
        /**
         * BoardColumn
         * @description A column of a board
         * @example {
         *       "status": "in_progress",
         *       "count": 1,
         *       "limit": 3,
         *       "tasks": [
         *         {
         *           "id": 101,
         *           "project_id": 1,
         *           "number": 12,
         *           "summary": "Compare the fonts",
         *           "status": "in_progress",
         *           "allowed_transitions": [
         *             "review",
         *             "todo",
         *             "cancelled"
         *           ],
         *           "position": "a0",
         *           "priority": "normal",
         *           "assignee_ids": [
         *             2
         *           ],
         *           "label_ids": [
         *             1
         *           ],
         *           "start_on": null,
         *           "due_on": "2026-02-14",
         *           "time_zone": "Europe/Berlin",
         *           "due_at": "2026-02-14T23:00:00.000Z",
         *           "estimate": 90,
         *           "recurrence": null,
         *           "checklist_total": 1,
         *           "checklist_done": 0,
         *           "creator_id": 1,
         *           "completed_at": null,
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "next_cursor": null
         *     }
         */
        BoardColumn: {
            /**
             * @description The status, which is a column of the board
             * @enum {string}
             */
            status: "todo" | "in_progress" | "review" | "done" | "cancelled";
            /** @description The number of tasks in the column */
            count: number;
            /** @description The maximum number of tasks in the column; null without a limit */
            limit: number | null;
            /** @description The first tasks, at most 50 */
            tasks: components["schemas"]["ProjectTaskSummary"][];
            /** @description The cursor of the next tasks: list the tasks of the project with this `status` and `sort=position`. Null at the end. */
            next_cursor: string | null;
        };
        /**
         * CalendarToken
         * @description Your calendar token without its secret, of which only a hash is stored
         * @example {
         *       "exists": true,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "last_used_at": null
         *     }
         */
        CalendarToken: {
            /** @description Whether you have a calendar token */
            exists: boolean;
            /** @description When the token was created; null if there is none */
            created_at: string | null;
            /** @description When the token was last used, accurate to the hour; null if never */
            last_used_at: string | null;
        };
        /**
         * CalendarTokenCreated
         * @description A new calendar token, with its secret
         * @example {
         *       "exists": true,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "last_used_at": null,
         *       "token": "bm90LWEtcmVhbC1zZWNyZXQtYnV0LWFzLWxvbmctYXM",
         *       "my_calendar_url": "http://127.0.0.1:8000/api/v1/me/calendar.ics?token=bm90LWEtcmVhbC1zZWNyZXQtYnV0LWFzLWxvbmctYXM",
         *       "project_calendar_url": "http://127.0.0.1:8000/api/v1/projects/{id}/calendar.ics?token=bm90LWEtcmVhbC1zZWNyZXQtYnV0LWFzLWxvbmctYXM"
         *     }
         */
        CalendarTokenCreated: {
            /** @description Whether you have a calendar token */
            exists: boolean;
            /** @description When the token was created; null if there is none */
            created_at: string | null;
            /** @description When the token was last used, accurate to the hour; null if never */
            last_used_at: string | null;
            /** @description The secret. It is shown only in this response. */
            token: string;
            /** @description The URL of your calendar, with the token */
            my_calendar_url: string;
            /** @description The URL of the calendar of a project, with the token; put its id in place of `{id}` */
            project_calendar_url: string;
        };
        /**
         * Category
         * @description A category of posts
         * @example {
         *       "id": 3,
         *       "name": "Databases",
         *       "description": "Storing and finding.",
         *       "slug": "databases",
         *       "post_count": 12,
         *       "created_at": "2026-01-30T18:00:00.000Z",
         *       "updated_at": "2026-01-30T18:00:00.000Z"
         *     }
         */
        Category: {
            /**
             * @description The id of the category or tag
             * @example 1
             */
            id: number;
            /** @description The name */
            name: string;
            /** @description The slug used in URLs */
            slug: string;
            /** @description The number of published posts */
            post_count: number;
            /**
             * Format: date-time
             * @description When the category or tag was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the category or tag was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description A short description of the category */
            description: string;
        };
        /**
         * CategoryCreate
         * @description The category to create
         * @example {
         *       "name": "Databases",
         *       "description": "Storing and finding."
         *     }
         */
        CategoryCreate: {
            /** @description The name; unique, ignoring case and Unicode normalization */
            name: string;
            /** @description The slug used in URLs. If omitted, it is derived from the name (Chinese is transliterated), with a number appended if it is taken. */
            slug?: string;
            /**
             * @description A short description of the category
             * @default
             */
            description?: string;
        };
        /**
         * CategoryPage
         * @description One page of categories
         * @example {
         *       "items": [
         *         {
         *           "id": 3,
         *           "name": "Databases",
         *           "description": "Storing and finding.",
         *           "slug": "databases",
         *           "post_count": 12,
         *           "created_at": "2026-01-30T18:00:00.000Z",
         *           "updated_at": "2026-01-30T18:00:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        CategoryPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Category"][];
            /** @description The total number of items, with `q` at most 1000; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * CategoryReplace
         * @description The new state of the category. Omitted fields are reset to their defaults, except the slug.
         * @example {
         *       "name": "Handbooks",
         *       "description": "Step by step."
         *     }
         */
        CategoryReplace: {
            /** @description The name; unique, ignoring case and Unicode normalization */
            name: string;
            /** @description The slug used in URLs. If omitted, the current slug is kept, even if the name changes. */
            slug?: string;
            /**
             * @description A short description of the category
             * @default
             */
            description?: string;
        };
        /**
         * CategoryUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "description": "Storing, finding and keeping."
         *     }
         */
        CategoryUpdate: {
            /** @description The name; unique, ignoring case and Unicode normalization */
            name?: string;
            /** @description The slug used in URLs. If omitted, the current slug is kept, even if the name changes. */
            slug?: string;
            /** @description A short description of the category */
            description?: string;
        };
        /**
         * ChecklistItem
         * @description An item of the checklist of a task
         * @example {
         *       "id": 1,
         *       "text": "Ask for samples",
         *       "done": false
         *     }
         */
        ChecklistItem: {
            /** @description The id of the item, unique within the task */
            id: number;
            /** @description What is to be done */
            text: string;
            /** @description Whether it is done */
            done: boolean;
        };
        /**
         * ChecklistItemCreate
         * @description The item to add at the end
         * @example {
         *       "text": "Ask for samples"
         *     }
         */
        ChecklistItemCreate: {
            /** @description What is to be done */
            text: string;
            /**
             * @description Whether it is done
             * @default false
             */
            done?: boolean;
        };
        /**
         * ChecklistItemUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "done": true
         *     }
         */
        ChecklistItemUpdate: {
            /** @description What is to be done */
            text?: string;
            /** @description Whether it is done */
            done?: boolean;
        };
        /**
         * Comment
         * @description A comment on a post
         * @example {
         *       "id": 7,
         *       "post_id": 1,
         *       "parent_id": null,
         *       "thread_id": 7,
         *       "depth": 0,
         *       "author": {
         *         "id": 2,
         *         "username": "bob",
         *         "nickname": "Bob",
         *         "avatar_url": null
         *       },
         *       "content": "Does a **larger** pool help?",
         *       "content_html": "<p>Does a <strong>larger</strong> pool help?</p>\n",
         *       "is_approved": true,
         *       "is_rejected": false,
         *       "is_deleted": false,
         *       "version": 1,
         *       "created_at": "2026-01-31T10:00:00.000Z",
         *       "updated_at": "2026-01-31T10:00:00.000Z"
         *     }
         */
        Comment: {
            /**
             * @description The id of the comment
             * @example 1
             */
            id: number;
            /**
             * @description The id of the post
             * @example 1
             */
            post_id: number;
            /** @description The id of the comment that this comment replies to; null for a top-level comment */
            parent_id: number | null;
            /**
             * @description The id of the top-level comment of the thread; for a top-level comment, its own id
             * @example 1
             */
            thread_id: number;
            /** @description The nesting depth: 0 for a top-level comment, 1 for a reply to it */
            depth: number;
            /** @description The author; null if the user was deleted, or for a placeholder */
            author: components["schemas"]["Author"] | null;
            /** @description The Markdown source; empty for a placeholder */
            content: string;
            /** @description The rendered HTML, sanitized and safe to embed in a page; empty for a placeholder */
            content_html: string;
            /** @description Whether the comment is visible to everyone. Otherwise only its author and editors see it; for all others, a placeholder takes its place while it has visible replies. */
            is_approved: boolean;
            /** @description Whether an editor rejected the comment. A comment that is neither approved nor rejected is pending. Always false for a placeholder. */
            is_rejected: boolean;
            /** @description Whether the comment was deleted, and is a placeholder for the replies to it */
            is_deleted: boolean;
            /** @description True if `content` and `content_html` were left out because the response would have more than 1,000,000 bytes; absent otherwise. A smaller page has them. */
            is_truncated?: boolean;
            /** @description The version of the comment, which every change increases */
            version: number;
            /**
             * Format: date-time
             * @description When the comment was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the text was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * CommentCreate
         * @description The comment to create
         * @example {
         *       "content": "Does a **larger** pool help?"
         *     }
         */
        CommentCreate: {
            /**
             * @description The Markdown source. The rendered HTML may have 6 times as many bytes as the source, but not more than 65,536; 16,384 bytes are always allowed.
             * @example Does a **larger** pool help?
             */
            content: string;
            /**
             * @description The id of the comment to reply to, on the same post; null for a top-level comment
             * @default null
             */
            parent_id?: number | null;
        };
        /**
         * CommentModeration
         * @description A moderation action and the comments to apply it to
         * @example {
         *       "comments": [
         *         {
         *           "id": 5,
         *           "version": 1
         *         }
         *       ],
         *       "action": "approve"
         *     }
         */
        CommentModeration: {
            /**
             * @description The comments, each in the version that you have read
             * @example [
             *       {
             *         "id": 7,
             *         "version": 1
             *       },
             *       {
             *         "id": 8,
             *         "version": 2
             *       }
             *     ]
             */
            comments: components["schemas"]["ModeratedComment"][];
            /**
             * @description The action to apply to all of the comments
             * @enum {string}
             */
            action: "approve" | "reject" | "delete";
        };
        /**
         * CommentNode
         * @description A comment with its replies
         * @example {
         *       "id": 7,
         *       "post_id": 1,
         *       "parent_id": null,
         *       "thread_id": 7,
         *       "depth": 0,
         *       "author": {
         *         "id": 2,
         *         "username": "bob",
         *         "nickname": "Bob",
         *         "avatar_url": null
         *       },
         *       "content": "Does a **larger** pool help?",
         *       "content_html": "<p>Does a <strong>larger</strong> pool help?</p>\n",
         *       "is_approved": true,
         *       "is_rejected": false,
         *       "is_deleted": false,
         *       "version": 1,
         *       "created_at": "2026-01-31T10:00:00.000Z",
         *       "updated_at": "2026-01-31T10:00:00.000Z",
         *       "has_more_replies": false,
         *       "replies": []
         *     }
         */
        CommentNode: {
            /**
             * @description The id of the comment
             * @example 1
             */
            id: number;
            /**
             * @description The id of the post
             * @example 1
             */
            post_id: number;
            /** @description The id of the comment that this comment replies to; null for a top-level comment */
            parent_id: number | null;
            /**
             * @description The id of the top-level comment of the thread; for a top-level comment, its own id
             * @example 1
             */
            thread_id: number;
            /** @description The nesting depth: 0 for a top-level comment, 1 for a reply to it */
            depth: number;
            /** @description The author; null if the user was deleted, or for a placeholder */
            author: components["schemas"]["Author"] | null;
            /** @description The Markdown source; empty for a placeholder */
            content: string;
            /** @description The rendered HTML, sanitized and safe to embed in a page; empty for a placeholder */
            content_html: string;
            /** @description Whether the comment is visible to everyone. Otherwise only its author and editors see it; for all others, a placeholder takes its place while it has visible replies. */
            is_approved: boolean;
            /** @description Whether an editor rejected the comment. A comment that is neither approved nor rejected is pending. Always false for a placeholder. */
            is_rejected: boolean;
            /** @description Whether the comment was deleted, and is a placeholder for the replies to it */
            is_deleted: boolean;
            /** @description True if `content` and `content_html` were left out because the response would have more than 1,000,000 bytes; absent otherwise. A smaller page has them. */
            is_truncated?: boolean;
            /** @description The version of the comment, which every change increases */
            version: number;
            /**
             * Format: date-time
             * @description When the comment was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the text was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description Whether the comment has replies that are not in this response. Fetch them with `GET /api/v1/comments/{id}/replies`. */
            has_more_replies: boolean;
            /** @description The replies, oldest first; absent in a flat list */
            replies?: components["schemas"]["CommentNode"][];
        };
        /**
         * CommentNodePage
         * @description One page of comments with their replies. `size` and `total` count only the first level, not the replies beneath it.
         * @example {
         *       "items": [
         *         {
         *           "id": 7,
         *           "post_id": 1,
         *           "parent_id": null,
         *           "thread_id": 7,
         *           "depth": 0,
         *           "author": {
         *             "id": 2,
         *             "username": "bob",
         *             "nickname": "Bob",
         *             "avatar_url": null
         *           },
         *           "content": "Does a **larger** pool help?",
         *           "content_html": "<p>Does a <strong>larger</strong> pool help?</p>\n",
         *           "is_approved": true,
         *           "is_rejected": false,
         *           "is_deleted": false,
         *           "version": 1,
         *           "created_at": "2026-01-31T10:00:00.000Z",
         *           "updated_at": "2026-01-31T10:00:00.000Z",
         *           "has_more_replies": false,
         *           "replies": []
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        CommentNodePage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["CommentNode"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * CommentPage
         * @description One page of comments
         * @example {
         *       "items": [
         *         {
         *           "id": 7,
         *           "post_id": 1,
         *           "parent_id": null,
         *           "thread_id": 7,
         *           "depth": 0,
         *           "author": {
         *             "id": 2,
         *             "username": "bob",
         *             "nickname": "Bob",
         *             "avatar_url": null
         *           },
         *           "content": "Does a **larger** pool help?",
         *           "content_html": "<p>Does a <strong>larger</strong> pool help?</p>\n",
         *           "is_approved": true,
         *           "is_rejected": false,
         *           "is_deleted": false,
         *           "version": 1,
         *           "created_at": "2026-01-31T10:00:00.000Z",
         *           "updated_at": "2026-01-31T10:00:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        CommentPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Comment"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * CommentUpdate
         * @description The new text of the comment
         * @example {
         *       "content": "Is 20 too large?"
         *     }
         */
        CommentUpdate: {
            /**
             * @description The Markdown source. The rendered HTML may have 6 times as many bytes as the source, but not more than 65,536; 16,384 bytes are always allowed.
             * @example Does a **larger** pool help?
             */
            content: string;
        };
        /**
         * CommentsModerated
         * @description The result of moderating comments in bulk
         * @example {
         *       "changed": [
         *         7
         *       ],
         *       "unchanged": [
         *         8
         *       ],
         *       "missing": []
         *     }
         */
        CommentsModerated: {
            /** @description The ids of the comments that were changed */
            changed: number[];
            /** @description The ids of the comments that were already in the requested state */
            unchanged: number[];
            /** @description The ids of comments that do not exist */
            missing: number[];
        };
        /**
         * ModeratedComment
         * @description A comment to moderate, in the version that you have read
         * @example {
         *       "id": 5,
         *       "version": 1
         *     }
         */
        ModeratedComment: {
            /**
             * @description The id of the comment
             * @example 1
             */
            id: number;
            /** @description The `version` of the comment that you have read */
            version: number;
        };
        /**
         * Error
         * @description The response to a failed request, except for invalid values (422)
         * @example {
         *       "detail": "Not Found",
         *       "code": "not_found"
         *     }
         */
        Error: {
            /** @description The error message, for people */
            detail: string;
            /** @description The error code, for programs */
            code: string;
            /** @description The values that caused the error, if there are specific ones */
            errors?: components["schemas"]["ValidationError"][];
            /** @description The id of the request in the server log; only with status 500 */
            request_id?: string;
        };
        /**
         * HTTPValidationError
         * @description The response to a request with invalid values
         * @example {
         *       "detail": [
         *         {
         *           "type": "string_too_short",
         *           "loc": [
         *             "body",
         *             "username"
         *           ],
         *           "msg": "String should have at least 2 characters",
         *           "input": "a",
         *           "ctx": {
         *             "min_length": 2
         *           }
         *         }
         *       ]
         *     }
         */
        HTTPValidationError: {
            /**
             * Detail
             * @description All invalid values of the request
             */
            detail: components["schemas"]["ValidationError"][];
        };
        /**
         * ValidationError
         * @description One invalid value
         * @example {
         *       "type": "less_than_equal",
         *       "loc": [
         *         "body",
         *         "age"
         *       ],
         *       "msg": "Input should be less than or equal to 150",
         *       "input": 200,
         *       "ctx": {
         *         "le": 150
         *       }
         *     }
         */
        ValidationError: {
            /**
             * Error Type
             * @description The type of the error, for programs
             */
            type: string;
            /**
             * Location
             * @description The location of the value: the part of the request, then field names and indexes
             */
            loc: (string | number)[];
            /**
             * Message
             * @description The error message, for people
             */
            msg: string;
            /**
             * Input
             * @description The value that was received, with `[redacted]` for passwords and tokens; left out of the largest errors if all together exceed 1 MB
             */
            input?: unknown;
            /**
             * Context
             * @description The limits that the message refers to; `{"error": {}}` if a value breaks another rule
             */
            ctx?: {
                [key: string]: unknown;
            };
        };
        /**
         * LiveEvent
         * @description A change of a resource
         * @example {
         *       "id": 4711,
         *       "type": "post.changed",
         *       "topics": [
         *         "posts",
         *         "post:1"
         *       ],
         *       "at": "2026-01-31T09:30:00.000Z",
         *       "actor": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "resource": "post",
         *       "resource_id": 1,
         *       "project_id": null,
         *       "version": 4,
         *       "changes": {
         *         "title": "Pooling connections",
         *         "updated_at": "2026-01-31T09:30:00.000Z"
         *       },
         *       "omitted": [
         *         "content"
         *       ],
         *       "client_id": null
         *     }
         */
        LiveEvent: {
            /** @description The id of the event. Events arrive in the order of their ids; some ids are never used. */
            id: number;
            /**
             * @description What happened
             * @enum {string}
             */
            type: "task.created" | "task.changed" | "task.transitioned" | "task.moved" | "task.related" | "task.unrelated" | "task.deleted" | "task.restored" | "task.purged" | "task_comment.created" | "task_comment.changed" | "task_comment.deleted" | "project.created" | "project.changed" | "project.archived" | "project.unarchived" | "project.deleted" | "project.restored" | "project.member_added" | "project.member_changed" | "project.member_removed" | "project.reordered" | "project.labelled" | "notification.created" | "notification.read" | "notification.unread" | "post.created" | "post.changed" | "post.published" | "post.unpublished" | "post.deleted" | "post.restored" | "post.purged" | "comment.created" | "comment.changed" | "comment.approved" | "comment.rejected" | "comment.hidden" | "comment.deleted" | "comment.restored";
            /** @description What the event belongs to: topics that clients can subscribe to */
            topics: string[];
            /**
             * Format: date-time
             * @description When it happened
             * @example 2026-01-31T09:30:00.000Z
             */
            at: string;
            /** @description Who did it; null if nobody was signed in, or if the user was deleted */
            actor: components["schemas"]["Author"] | null;
            /**
             * @description The type of the resource
             * @enum {string}
             */
            resource: "task" | "task_comment" | "project" | "notification" | "post" | "comment";
            /**
             * @description The id of the resource
             * @example 1
             */
            resource_id: number;
            /** @description The id of the project that the resource belongs to; null for none */
            project_id: number | null;
            /** @description The version of the resource after the change, as in its `ETag`; null if it was deleted or has none */
            version: number | null;
            /** @description The fields that were changed, with their new values, as in a response; all fields of a resource that is new, or new to its readers; empty if it is gone from their sight */
            changes: {
                [key: string]: unknown;
            };
            /** @description Fields that were changed and are left out of `changes`: those of more than 4,096 bytes, and the longest if all together have more than 16,384, and in a later delivery those that have changed again. Read the resource to get them. */
            omitted: string[];
            /** @description The `X-Client-ID` of the request that made the change; null without one */
            client_id: string | null;
        };
        /**
         * HistoryChange
         * @description The change of a field
         * @example {
         *       "field": "priority",
         *       "from": "normal",
         *       "to": "high"
         *     }
         */
        HistoryChange: {
            /** @description The name of the field */
            field: string;
            /** @description The value before the change, as in a response; null if the resource was new, if the value was too long, or for a deleted user */
            from: unknown;
            /** @description The value after the change, as in a response; null for a deleted user */
            to: unknown;
        };
        /**
         * HistoryEntry
         * @description A change of a resource
         * @example {
         *       "id": 4711,
         *       "type": "task.changed",
         *       "at": "2026-01-31T09:30:00.000Z",
         *       "actor": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "version": 4,
         *       "changes": [
         *         {
         *           "field": "priority",
         *           "from": "normal",
         *           "to": "high"
         *         }
         *       ],
         *       "omitted": []
         *     }
         */
        HistoryEntry: {
            /** @description The id of the event */
            id: number;
            /**
             * @description What happened
             * @enum {string}
             */
            type: "task.created" | "task.changed" | "task.transitioned" | "task.moved" | "task.related" | "task.unrelated" | "task.deleted" | "task.restored" | "task.purged" | "task_comment.created" | "task_comment.changed" | "task_comment.deleted" | "project.created" | "project.changed" | "project.archived" | "project.unarchived" | "project.deleted" | "project.restored" | "project.member_added" | "project.member_changed" | "project.member_removed" | "project.reordered" | "project.labelled" | "notification.created" | "notification.read" | "notification.unread" | "post.created" | "post.changed" | "post.published" | "post.unpublished" | "post.deleted" | "post.restored" | "post.purged" | "comment.created" | "comment.changed" | "comment.approved" | "comment.rejected" | "comment.hidden" | "comment.deleted" | "comment.restored";
            /**
             * Format: date-time
             * @description When it happened
             * @example 2026-01-31T09:30:00.000Z
             */
            at: string;
            /** @description Who did it; null if nobody was signed in, or if the user was deleted */
            actor: components["schemas"]["Author"] | null;
            /** @description The version of the resource after the change; null if it was deleted */
            version: number | null;
            /** @description The fields that were changed; all fields of a new resource */
            changes: components["schemas"]["HistoryChange"][];
            /** @description The fields that were changed and of which a value is not kept, because it has more than 4,096 bytes or the change has too many. If only the former value is not kept, `changes` has the new one. */
            omitted: string[];
            /** @description True if `changes` were left out because the response would have more than 1,000,000 bytes; absent otherwise. A smaller page has them. */
            is_truncated?: boolean;
        };
        /**
         * HistoryPage
         * @description One page of changes of a resource, newest first
         * @example {
         *       "items": [
         *         {
         *           "id": 4711,
         *           "type": "task.changed",
         *           "at": "2026-01-31T09:30:00.000Z",
         *           "actor": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "version": 4,
         *           "changes": [
         *             {
         *               "field": "priority",
         *               "from": "normal",
         *               "to": "high"
         *             }
         *           ],
         *           "omitted": []
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        HistoryPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["HistoryEntry"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * Job
         * @description A background job that is waiting, running or failed
         * @example {
         *       "id": 42,
         *       "task": "notice",
         *       "state": "failed",
         *       "attempts": 10,
         *       "max_attempts": 10,
         *       "run_at": "2026-01-31T12:30:00.000Z",
         *       "last_error": "The mail server did not take the mail (550).",
         *       "created_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        Job: {
            /**
             * @description The id of the job
             * @example 42
             */
            id: number;
            /**
             * @description The name of the task
             * @example notice
             */
            task: string;
            /**
             * @description The state of the job. `failed` means that all attempts are used up.
             * @enum {string}
             */
            state: "waiting" | "running" | "failed";
            /** @description The number of attempts so far */
            attempts: number;
            /** @description The maximum number of attempts */
            max_attempts: number;
            /**
             * Format: date-time
             * @description When the next attempt is due
             * @example 2026-01-31T09:30:00.000Z
             */
            run_at: string;
            /** @description The last error, in one line; null if no attempt has failed */
            last_error: string | null;
            /**
             * Format: date-time
             * @description When the job was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
        };
        /**
         * JobPage
         * @description One page of jobs
         * @example {
         *       "items": [
         *         {
         *           "id": 42,
         *           "task": "notice",
         *           "state": "failed",
         *           "attempts": 10,
         *           "max_attempts": 10,
         *           "run_at": "2026-01-31T12:30:00.000Z",
         *           "last_error": "The mail server did not take the mail (550).",
         *           "created_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        JobPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Job"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * LiveClientMessage
         * @description A message from a client
         * @example {
         *       "type": "subscribe",
         *       "topics": [
         *         "posts"
         *       ]
         *     }
         */
        LiveClientMessage: components["schemas"]["LiveSignIn"] | components["schemas"]["LiveSubscribe"] | components["schemas"]["LiveUnsubscribe"] | components["schemas"]["LiveLook"] | components["schemas"]["LivePing"];
        /**
         * LiveDoor
         * @description How to connect
         * @example {
         *       "url": "ws://127.0.0.1:8000/api/v1/ws",
         *       "max_message_bytes": 65536,
         *       "max_topics": 100,
         *       "position": 4711
         *     }
         */
        LiveDoor: {
            /** @description The URL to open the WebSocket at */
            url: string;
            /** @description The maximum size of a message from a client */
            max_message_bytes: number;
            /** @description The maximum number of topics */
            max_topics: number;
            /** @description The id of the last event that the client has or needs no more */
            position: number;
        };
        /**
         * LiveEventMessage
         * @description An event
         * @example {
         *       "type": "event",
         *       "event": {
         *         "id": 4711,
         *         "type": "post.changed",
         *         "topics": [
         *           "posts",
         *           "post:1"
         *         ],
         *         "at": "2026-01-31T09:30:00.000Z",
         *         "actor": {
         *           "id": 1,
         *           "username": "alice",
         *           "nickname": "Alice",
         *           "avatar_url": null
         *         },
         *         "resource": "post",
         *         "resource_id": 1,
         *         "project_id": null,
         *         "version": 4,
         *         "changes": {
         *           "title": "Pooling connections",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         },
         *         "omitted": [
         *           "content"
         *         ],
         *         "client_id": null
         *       }
         *     }
         */
        LiveEventMessage: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "event";
            event: components["schemas"]["LiveEvent"];
        };
        /**
         * LiveFault
         * @description A message of the client was refused. The connection stays open.
         * @example {
         *       "type": "error",
         *       "code": "not_authenticated",
         *       "detail": "Not authenticated"
         *     }
         */
        LiveFault: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "error";
            /** @description A code of an error response, or `invalid_message` */
            code: string;
            /** @description A sentence; for `invalid_message` a list of error items, as in a 422 */
            detail: string | unknown[];
        };
        /**
         * LivePing
         * @description Asks for a `pong`
         * @example {
         *       "type": "ping"
         *     }
         */
        LivePing: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "ping";
        };
        /**
         * LivePong
         * @description The answer to `ping`
         * @example {
         *       "type": "pong",
         *       "position": 4715
         *     }
         */
        LivePong: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "pong";
            /** @description The id up to which you have all events of your topics; null without topics, or while events are on their way */
            position: number | null;
        };
        /**
         * LiveReady
         * @description The first message, and the answer to `sign_in`
         * @example {
         *       "type": "ready",
         *       "username": "alice"
         *     }
         */
        LiveReady: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "ready";
            /** @description The user that the connection belongs to; null if it is not authenticated */
            username: string | null;
        };
        /**
         * LiveResync
         * @description Some events of your topics are no longer there: read what you show again. Events after `position` follow.
         * @example {
         *       "type": "resync",
         *       "position": 4711
         *     }
         */
        LiveResync: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "resync";
            /** @description The id of the last event that the client has or needs no more */
            position: number;
        };
        /**
         * LiveServerMessage
         * @description A message from the service
         * @example {
         *       "type": "pong",
         *       "position": 4715
         *     }
         */
        LiveServerMessage: components["schemas"]["LiveReady"] | components["schemas"]["LiveSubscribed"] | components["schemas"]["LiveUnsubscribed"] | components["schemas"]["LiveEventMessage"] | components["schemas"]["LiveResync"] | components["schemas"]["LiveLooking"] | components["schemas"]["LivePresence"] | components["schemas"]["LivePong"] | components["schemas"]["LiveFault"];
        /**
         * LiveSignIn
         * @description Authenticates the connection, for clients without a session cookie. Before it subscribes.
         * @example {
         *       "type": "sign_in",
         *       "token": "eyJhbGciOi…"
         *     }
         */
        LiveSignIn: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "sign_in";
            /**
             * Format: password
             * @description An access token or API key
             */
            token: string;
        };
        /**
         * LiveSubscribe
         * @description Subscribes to topics, in addition to others
         * @example {
         *       "type": "subscribe",
         *       "topics": [
         *         "posts"
         *       ],
         *       "since": 4711
         *     }
         */
        LiveSubscribe: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "subscribe";
            /** @description The topics */
            topics: string[];
            /** @description The id of the last event that you have: later ones of the topics are sent first */
            since?: number;
            /**
             * @description A name of your choice for this client. It gets no events of changes that it makes with this name in `X-Client-ID`.
             * @example tab-1
             */
            client_id?: string;
        };
        /**
         * LiveSubscribed
         * @description The answer to `subscribe`: events after `position` follow, with `since` beginning with those that were missed
         * @example {
         *       "type": "subscribed",
         *       "topics": [
         *         "posts"
         *       ],
         *       "position": 4711
         *     }
         */
        LiveSubscribed: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "subscribed";
            /** @description The topics of the request */
            topics: string[];
            /** @description The id of the last event that the client has or needs no more */
            position: number;
        };
        /**
         * LiveUnsubscribe
         * @description Ends subscriptions
         * @example {
         *       "type": "unsubscribe",
         *       "topics": [
         *         "posts"
         *       ]
         *     }
         */
        LiveUnsubscribe: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "unsubscribe";
            /** @description The topics */
            topics: string[];
        };
        /**
         * LiveUnsubscribed
         * @description The answer to `unsubscribe`
         * @example {
         *       "type": "unsubscribed",
         *       "topics": [
         *         "posts"
         *       ]
         *     }
         */
        LiveUnsubscribed: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "unsubscribed";
            /** @description The topics of the request */
            topics: string[];
        };
        /**
         * KeptMail
         * @description A mail that was kept in memory instead of being sent
         * @example {
         *       "id": 1,
         *       "sent_at": "2026-01-31T09:30:00.000Z",
         *       "to": "dora@example.com",
         *       "subject": "Confirm your email address",
         *       "text": "Someone registered with this email address. …"
         *     }
         */
        KeptMail: {
            /** @description The number of the mail since the start of the service */
            id: number;
            /**
             * Format: date-time
             * @description When the mail would have been sent
             * @example 2026-01-31T09:30:00.000Z
             */
            sent_at: string;
            /** @description The recipient */
            to: string;
            /** @description The subject */
            subject: string;
            /** @description The text, with the links and tokens */
            text: string;
        };
        /**
         * KeptMailPage
         * @description One page of kept mails
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "sent_at": "2026-01-31T09:30:00.000Z",
         *           "to": "dora@example.com",
         *           "subject": "Confirm your email address",
         *           "text": "Someone registered with this email address. …"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        KeptMailPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["KeptMail"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * AccountDeletion
         * @description Your password, to confirm the deletion
         * @example {
         *       "password": "Correct-Horse-9"
         *     }
         */
        AccountDeletion: {
            /**
             * Format: password
             * @description The password of the account
             */
            password: string;
        };
        /**
         * Mute
         * @description Whether a project or task is muted
         * @example {
         *       "is_muted": true
         *     }
         */
        Mute: {
            /** @description Whether you have muted it: no notifications about it are created for you */
            is_muted: boolean;
        };
        /**
         * MyTask
         * @description A task of one of your projects
         * @example {
         *       "id": 101,
         *       "project_id": 1,
         *       "number": 12,
         *       "summary": "Compare the fonts",
         *       "status": "in_progress",
         *       "allowed_transitions": [
         *         "review",
         *         "todo",
         *         "cancelled"
         *       ],
         *       "position": "a0",
         *       "priority": "normal",
         *       "assignee_ids": [
         *         2
         *       ],
         *       "label_ids": [
         *         1
         *       ],
         *       "start_on": null,
         *       "due_on": "2026-02-14",
         *       "time_zone": "Europe/Berlin",
         *       "due_at": "2026-02-14T23:00:00.000Z",
         *       "estimate": 90,
         *       "recurrence": null,
         *       "checklist_total": 1,
         *       "checklist_done": 0,
         *       "creator_id": 1,
         *       "completed_at": null,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z",
         *       "project_key": "WEB",
         *       "project_name": "Website"
         *     }
         */
        MyTask: {
            /**
             * @description The id of the task
             * @example 1
             */
            id: number;
            /**
             * @description The id of the project
             * @example 1
             */
            project_id: number;
            /** @description The number of the task in its project: with the key of the project, `WEB-12` */
            number: number;
            /** @description What is to be done, in plain text */
            summary: string;
            /**
             * @description The status, which is a column of the board
             * @enum {string}
             */
            status: "todo" | "in_progress" | "review" | "done" | "cancelled";
            /** @description The statuses that `transition` accepts now */
            allowed_transitions: ("todo" | "in_progress" | "review" | "done" | "cancelled")[];
            /**
             * @description The place within the column: tasks are in the order of these strings by their bytes. Use `move` to change it.
             * @example a0
             */
            position: string;
            /**
             * @description The priority
             * @enum {string}
             */
            priority: "low" | "normal" | "high" | "urgent";
            /** @description The ids of the members who work on the task */
            assignee_ids: number[];
            /** @description The ids of labels of the project */
            label_ids: number[];
            /** @description The day on which the work begins; null if it has none */
            start_on: string | null;
            /** @description The day on which the task is due; null if it has none */
            due_on: string | null;
            /** @description The time zone in which its days begin and end */
            time_zone: string;
            /** @description When the due day ends in the time zone; null without a due date */
            due_at: string | null;
            /** @description The estimated work in minutes; null without an estimate */
            estimate: number | null;
            /**
             * @description A rule of iCalendar (RFC 5545) without `COUNT`: when the task is done, the next one is created, due on the first day of the rule after the due date. Needs `due_on`. Null for a task that does not repeat.
             * @example FREQ=WEEKLY;BYDAY=MO
             */
            recurrence: string | null;
            /** @description The number of checklist items */
            checklist_total: number;
            /** @description The number of those that are done */
            checklist_done: number;
            /** @description The id of the user who created the task; null if the user was deleted */
            creator_id: number | null;
            /** @description When the task was completed; null unless it is done */
            completed_at: string | null;
            /**
             * Format: date-time
             * @description When the task was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the task was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /**
             * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
             * @example WEB
             */
            project_key: string;
            /** @description The name of the project */
            project_name: string;
        };
        /**
         * MyTaskPage
         * @description One page of tasks
         * @example {
         *       "items": [
         *         {
         *           "id": 101,
         *           "project_id": 1,
         *           "number": 12,
         *           "summary": "Compare the fonts",
         *           "status": "in_progress",
         *           "allowed_transitions": [
         *             "review",
         *             "todo",
         *             "cancelled"
         *           ],
         *           "position": "a0",
         *           "priority": "normal",
         *           "assignee_ids": [
         *             2
         *           ],
         *           "label_ids": [
         *             1
         *           ],
         *           "start_on": null,
         *           "due_on": "2026-02-14",
         *           "time_zone": "Europe/Berlin",
         *           "due_at": "2026-02-14T23:00:00.000Z",
         *           "estimate": 90,
         *           "recurrence": null,
         *           "checklist_total": 1,
         *           "checklist_done": 0,
         *           "creator_id": 1,
         *           "completed_at": null,
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z",
         *           "project_key": "WEB",
         *           "project_name": "Website"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        MyTaskPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["MyTask"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * NotificationSettings
         * @description Your notification settings
         * @example {
         *       "assigned": "mail",
         *       "mentioned": "mail",
         *       "commented": "digest",
         *       "moved": "app",
         *       "due_soon": "digest",
         *       "invited": "mail",
         *       "language": "en",
         *       "updated_at": null
         *     }
         */
        NotificationSettings: {
            /**
             * @description How you are told that you are assigned to a task: not at all, in the app, also by mail at once, or also by a daily mail. Default: `mail`
             * @enum {string}
             */
            assigned: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that you are mentioned in a comment: not at all, in the app, also by mail at once, or also by a daily mail. Default: `mail`
             * @enum {string}
             */
            mentioned: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that there is a comment on a task that you watch: not at all, in the app, also by mail at once, or also by a daily mail. Default: `digest`
             * @enum {string}
             */
            commented: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that a task that you watch or are assigned to changes its column: not at all, in the app, also by mail at once, or also by a daily mail. Default: `app`
             * @enum {string}
             */
            moved: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that a task that you are assigned to is due within 24 hours: not at all, in the app, also by mail at once, or also by a daily mail. Default: `digest`
             * @enum {string}
             */
            due_soon: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that you are invited to a project: not at all, in the app, also by mail at once, or also by a daily mail. Default: `mail`
             * @enum {string}
             */
            invited: "none" | "app" | "mail" | "digest";
            /**
             * @description The language of these mails. Default: `en`
             * @enum {string}
             */
            language: "en" | "zh";
            /** @description When you last changed them; null if you never did */
            updated_at: string | null;
        };
        /**
         * NotificationSettingsUpdate
         * @description The settings to change
         * @example {
         *       "commented": "app"
         *     }
         */
        NotificationSettingsUpdate: {
            /**
             * @description How you are told that you are assigned to a task: not at all, in the app, also by mail at once, or also by a daily mail. Default: `mail`
             * @enum {string}
             */
            assigned?: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that you are mentioned in a comment: not at all, in the app, also by mail at once, or also by a daily mail. Default: `mail`
             * @enum {string}
             */
            mentioned?: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that there is a comment on a task that you watch: not at all, in the app, also by mail at once, or also by a daily mail. Default: `digest`
             * @enum {string}
             */
            commented?: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that a task that you watch or are assigned to changes its column: not at all, in the app, also by mail at once, or also by a daily mail. Default: `app`
             * @enum {string}
             */
            moved?: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that a task that you are assigned to is due within 24 hours: not at all, in the app, also by mail at once, or also by a daily mail. Default: `digest`
             * @enum {string}
             */
            due_soon?: "none" | "app" | "mail" | "digest";
            /**
             * @description How you are told that you are invited to a project: not at all, in the app, also by mail at once, or also by a daily mail. Default: `mail`
             * @enum {string}
             */
            invited?: "none" | "app" | "mail" | "digest";
            /**
             * @description The language of these mails. Default: `en`
             * @enum {string}
             */
            language?: "en" | "zh";
        };
        /**
         * Notification
         * @description A notification
         * @example {
         *       "id": 1,
         *       "kind": "mentioned",
         *       "actor": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "project": {
         *         "id": 1,
         *         "key": "WEB",
         *         "name": "Website"
         *       },
         *       "task": {
         *         "id": 1,
         *         "number": 12,
         *         "summary": "Compare the fonts"
         *       },
         *       "comment_id": 1,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "read_at": null
         *     }
         */
        Notification: {
            /**
             * @description The id of the notification
             * @example 1
             */
            id: number;
            /**
             * @description What happens: `assigned` (you are assigned to a task), `mentioned` (you are mentioned in a comment), `commented` (there is a comment on a task that you watch), `moved` (a task that you watch or are assigned to changes its column), `due_soon` (a task that you are assigned to is due within 24 hours), `invited` (you are invited to a project)
             * @example mentioned
             * @enum {string}
             */
            kind: "assigned" | "mentioned" | "commented" | "moved" | "due_soon" | "invited";
            /** @description Who did it; null for `due_soon`, or if the user was deleted */
            actor: components["schemas"]["Author"] | null;
            project: components["schemas"]["NotificationProject"];
            /** @description The task; null for `invited` */
            task: components["schemas"]["NotificationTask"] | null;
            /** @description The id of the comment; null unless `mentioned` or `commented` */
            comment_id: number | null;
            /**
             * Format: date-time
             * @description When it happened
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /** @description When you marked it as read; null if unread */
            read_at: string | null;
        };
        /**
         * NotificationPage
         * @description One page of your notifications, newest first
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "kind": "mentioned",
         *           "actor": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "project": {
         *             "id": 1,
         *             "key": "WEB",
         *             "name": "Website"
         *           },
         *           "task": {
         *             "id": 1,
         *             "number": 12,
         *             "summary": "Compare the fonts"
         *           },
         *           "comment_id": 1,
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "read_at": null
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        NotificationPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Notification"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * NotificationProject
         * @description The project of a notification
         * @example {
         *       "id": 1,
         *       "key": "WEB",
         *       "name": "Website"
         *     }
         */
        NotificationProject: {
            /**
             * @description The id of the project
             * @example 1
             */
            id: number;
            /**
             * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
             * @example WEB
             */
            key: string;
            /** @description The name of the project */
            name: string;
        };
        /**
         * NotificationSelection
         * @description Which notifications to mark as read: `ids` or `up_to_id`
         * @example {
         *       "ids": [
         *         1,
         *         2
         *       ]
         *     }
         */
        NotificationSelection: {
            /** @description The ids; those that are not yours are ignored */
            ids?: number[];
            /**
             * @description All notifications up to this id, at once the newest 1,000 unread ones
             * @example 1
             */
            up_to_id?: number;
        };
        /**
         * NotificationTask
         * @description The task of a notification
         * @example {
         *       "id": 1,
         *       "number": 12,
         *       "summary": "Compare the fonts"
         *     }
         */
        NotificationTask: {
            /**
             * @description The id of the task
             * @example 1
             */
            id: number;
            /** @description The number of the task in its project */
            number: number;
            /** @description The summary of the task, as it is now */
            summary: string;
        };
        /**
         * NotificationsMarked
         * @description How many notifications were marked as read
         * @example {
         *       "marked": 2
         *     }
         */
        NotificationsMarked: {
            /** @description How many were marked; those that had been read before do not count */
            marked: number;
        };
        /**
         * UnreadCount
         * @description How many notifications are unread
         * @example {
         *       "unread": 3
         *     }
         */
        UnreadCount: {
            /** @description The number of your unread notifications, among the newest 1,000 of them */
            unread: number;
        };
        /**
         * PasswordChange
         * @description The current password and the new one
         * @example {
         *       "current_password": "Correct-Horse-9",
         *       "new_password": "Battery-Staple-8",
         *       "confirm_password": "Battery-Staple-8"
         *     }
         */
        PasswordChange: {
            /**
             * Format: password
             * @description Your current password
             */
            current_password: string;
            /**
             * Format: password
             * @description The new password. It must contain an upper-case letter, a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}|;:,.<>?`. It must not be one of the 10,000 most common passwords, with or without digits, symbols and substitutes such as `0` for `o`, and not contain your username, display name or email address.
             * @example Correct-Horse-9
             */
            new_password: string;
            /**
             * Format: password
             * @description The new password, repeated
             */
            confirm_password: string;
            /**
             * @description Whether to delete all your API keys and your calendar token, too
             * @default false
             */
            delete_api_keys?: boolean;
        };
        /**
         * PasswordCheck
         * @description The password to check, and the user who is to have it
         * @example {
         *       "password": "correct horse",
         *       "username": "dora"
         *     }
         */
        PasswordCheck: {
            /**
             * Format: password
             * @description The password to check; it is not stored
             */
            password: string;
            /** @description The username, which the password must not contain */
            username?: string;
            /** @description The email address, which the password must not contain */
            email?: string;
        };
        /**
         * PasswordReset
         * @description The token from the mail and the new password
         * @example {
         *       "token": "y3JxN0n4…",
         *       "new_password": "Battery-Staple-8",
         *       "confirm_password": "Battery-Staple-8"
         *     }
         */
        PasswordReset: {
            /** @description The token from the mail. It works once. */
            token: string;
            /**
             * Format: password
             * @description The new password. It must contain an upper-case letter, a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}|;:,.<>?`. It must not be one of the 10,000 most common passwords, with or without digits, symbols and substitutes such as `0` for `o`, and not contain your username, display name or email address.
             * @example Correct-Horse-9
             */
            new_password: string;
            /**
             * Format: password
             * @description The new password, repeated
             */
            confirm_password: string;
        };
        /**
         * PasswordStatus
         * @description The password was changed
         * @example {
         *       "status": "password_changed"
         *     }
         */
        PasswordStatus: {
            /**
             * @description Always `password_changed`
             * @enum {string}
             */
            status: "password_changed";
        };
        /**
         * PasswordStrength
         * @description The result of checking a password against the rules
         * @example {
         *       "valid": true,
         *       "errors": []
         *     }
         * @example {
         *       "valid": false,
         *       "errors": [
         *         {
         *           "type": "password_no_digit",
         *           "msg": "Password should have a digit"
         *         }
         *       ]
         *     }
         */
        PasswordStrength: {
            /** @description Whether the password satisfies all rules */
            valid: boolean;
            /** @description The rules that the password breaks */
            errors: {
                /**
                 * @description The broken rule, for programs
                 * @enum {string}
                 */
                type: "password_empty" | "password_too_short" | "password_too_long" | "password_no_upper" | "password_no_lower" | "password_no_digit" | "password_no_special" | "password_too_common" | "password_contains_name" | "password_contains_email";
                /** @description The broken rule, for people */
                msg: string;
            }[];
        };
        /**
         * PlaygroundCalculation
         * @description Two operands and an operator
         * @example {
         *       "a": 10,
         *       "b": 3,
         *       "op": "/"
         *     }
         */
        PlaygroundCalculation: {
            /** @description The first operand */
            a: number;
            /** @description The second operand */
            b: number;
            /**
             * @description The operator. Encode `+` as `%2B` in a form.
             * @enum {string}
             */
            op: "+" | "-" | "*" | "/";
        };
        /**
         * PlaygroundForm
         * @description The form as parsed
         * @example {
         *       "username": "alice",
         *       "hobbies": [
         *         "go",
         *         "chess"
         *       ]
         *     }
         */
        PlaygroundForm: {
            /** @description The username received */
            username: string;
            /** @description All values of `hobby` */
            hobbies: string[];
        };
        /**
         * PlaygroundFormInput
         * @description A form with a repeatable field
         * @example {
         *       "username": "alice",
         *       "password": "a long Secret 1",
         *       "hobby": [
         *         "go",
         *         "chess"
         *       ]
         *     }
         */
        PlaygroundFormInput: {
            /** @description A username */
            username: string;
            /**
             * Format: password
             * @description A password, which is never returned
             */
            password: string;
            /**
             * @description A repeatable field: `hobby=go&hobby=chess`
             * @default []
             */
            hobby?: string[];
        };
        /**
         * PlaygroundJson
         * @description The JSON as parsed: defaults filled in, unknown fields dropped
         * @example {
         *       "received": {
         *         "name": "Zhang San",
         *         "age": 20,
         *         "isMale": true,
         *         "hobbies": [
         *           "reading",
         *           "go"
         *         ],
         *         "address": {
         *           "city": "Dalian",
         *           "detail": "Jinzhou District"
         *         },
         *         "email": null
         *       },
         *       "content_type": "application/json"
         *     }
         */
        PlaygroundJson: {
            received: components["schemas"]["PlaygroundPerson"];
            /** @description The `Content-Type` of the request */
            content_type: string;
        };
        /**
         * PlaygroundPerson
         * @description JSON with every type of value
         * @example {
         *       "name": "Zhang San",
         *       "age": 20,
         *       "isMale": true,
         *       "hobbies": [
         *         "reading",
         *         "go"
         *       ],
         *       "address": {
         *         "city": "Dalian",
         *         "detail": "Jinzhou District"
         *       },
         *       "email": null
         *     }
         */
        PlaygroundPerson: {
            /** @description A required string */
            name: string;
            /** @description An integer */
            age?: number;
            /** @description A boolean */
            isMale?: boolean;
            /**
             * @description A list of strings
             * @default []
             */
            hobbies?: string[];
            /** @description A nested object */
            address?: {
                /** @description City */
                city: string;
                /** @description The rest of the address */
                detail?: string;
            };
            /**
             * @description A nullable string
             * @default null
             */
            email?: string | null;
        };
        /**
         * PlaygroundResult
         * @description A calculation and its result
         * @example {
         *       "a": 10,
         *       "b": 4,
         *       "op": "/",
         *       "result": 2.5
         *     }
         */
        PlaygroundResult: {
            /** @description The first operand */
            a: number;
            /** @description The second operand */
            b: number;
            /**
             * @description The operator. Encode `+` as `%2B` in a form.
             * @enum {string}
             */
            op: "+" | "-" | "*" | "/";
            /** @description The result */
            result: number;
        };
        /**
         * PlaygroundUser
         * @description A user with a nested address
         * @example {
         *       "username": "john",
         *       "tags": [
         *         "staff"
         *       ],
         *       "address": {
         *         "street": "Main St 123",
         *         "city": "Shenzhen",
         *         "zipcode": null
         *       }
         *     }
         */
        PlaygroundUser: {
            /** @description A username */
            username: string;
            /**
             * @description Free-form tags
             * @default []
             */
            tags?: string[];
            /**
             * @description A nested object
             * @default null
             */
            address?: components["schemas"]["Address"] | null;
        };
        /**
         * PlaygroundUserCreated
         * @description The user as it would have been created
         * @example {
         *       "created": {
         *         "username": "john",
         *         "tags": [
         *           "staff"
         *         ],
         *         "address": {
         *           "street": "Main St 123",
         *           "city": "Shenzhen",
         *           "zipcode": null
         *         }
         *       }
         *     }
         */
        PlaygroundUserCreated: {
            created: components["schemas"]["PlaygroundUser"];
        };
        /**
         * PlaygroundChoice
         * @description An enum value from the path
         * @example {
         *       "page": "about"
         *     }
         */
        PlaygroundChoice: {
            /**
             * @description One of the allowed values
             * @example about
             * @enum {string}
             */
            page: "about" | "contact" | "help";
        };
        /**
         * PlaygroundComment
         * @description Two ids from a nested path
         * @example {
         *       "post_id": 1,
         *       "comment_id": 2,
         *       "text": "Post 1, Comment 2"
         *     }
         */
        PlaygroundComment: {
            /**
             * @description The id of the post, from the path
             * @example 1
             */
            post_id: number;
            /**
             * @description The id of the comment, from the path
             * @example 1
             */
            comment_id: number;
            /** @description Both ids as text */
            text: string;
        };
        /**
         * PlaygroundHello
         * @description A greeting
         * @example {
         *       "name": "Ann",
         *       "message": "Hello, Ann!"
         *     }
         */
        PlaygroundHello: {
            /** @description The name from the path; null if there is none */
            name: string | null;
            /** @description A greeting */
            message: string;
        };
        /**
         * PlaygroundInvoice
         * @description An amount from the path
         * @example {
         *       "amount": 99.95,
         *       "text": "Invoice amount: $99.95"
         *     }
         */
        PlaygroundInvoice: {
            /** @description The amount as a number */
            amount: number;
            /** @description The amount as text, rounded to two decimals */
            text: string;
        };
        /**
         * PlaygroundItem
         * @description Values from the path and the query
         * @example {
         *       "item_id": 1,
         *       "q": null
         *     }
         */
        PlaygroundItem: {
            /**
             * @description The id from the path
             * @example 1
             */
            item_id: number;
            /** @description The text from the query; null if omitted */
            q: string | null;
        };
        /**
         * PlaygroundItems
         * @description A list from the path
         * @example {
         *       "items": [
         *         "apple",
         *         "pear"
         *       ]
         *     }
         */
        PlaygroundItems: {
            /** @description The values of the list */
            items: string[];
        };
        /**
         * PlaygroundPath
         * @description The rest of a path
         * @example {
         *       "subpath": "reports/q4.pdf"
         *     }
         */
        PlaygroundPath: {
            /** @description The rest of the path, decoded */
            subpath: string;
        };
        /**
         * PlaygroundSum
         * @description The sum of the numbers from 1 to n
         * @example {
         *       "n": 100,
         *       "sum": 5050,
         *       "formula": "n(n+1)/2"
         *     }
         */
        PlaygroundSum: {
            /** @description The last number to add */
            n: number;
            /** @description The sum 1 + 2 + … + n */
            sum: number;
            /** @description The formula used */
            formula: string;
        };
        /**
         * PlaygroundUuid
         * @description A UUID from the path
         * @example {
         *       "uid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
         *     }
         */
        PlaygroundUuid: {
            /**
             * Format: uuid
             * @description A UUID (RFC 9562)
             * @example 3f2504e0-4f89-41d3-9a0c-0305e82c3301
             */
            uid: string;
        };
        /**
         * PlaygroundVersion
         * @description A version from the path
         * @example {
         *       "version": "1.2.3"
         *     }
         */
        PlaygroundVersion: {
            /** @description The version received */
            version: string;
        };
        /**
         * PlaygroundQuery
         * @description The query as parsed
         * @example {
         *       "search": "",
         *       "page": 1,
         *       "sort": "created_at",
         *       "tags": [
         *         "a",
         *         "b"
         *       ],
         *       "code": null,
         *       "ratio": 0.5
         *     }
         */
        PlaygroundQuery: {
            /** @description The value of `q`, or of `keyword` if `q` is empty */
            search: string;
            /** @description The value of `page` */
            page: number;
            /** @description The value of `sort` */
            sort: string;
            /** @description All values of `tag` */
            tags: string[];
            /** @description The value of `code`; null if omitted */
            code: string | null;
            /** @description The value of `ratio`; null if omitted */
            ratio: number | null;
        };
        /**
         * PlaygroundSearch
         * @description The search query as parsed
         * @example {
         *       "q": "fastify",
         *       "page": 1,
         *       "size": 10,
         *       "sort": "relevance"
         *     }
         */
        PlaygroundSearch: {
            /** @description The search text */
            q: string;
            /** @description The page number */
            page: number;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The sort order */
            sort: string;
        };
        /**
         * PlaygroundContext
         * @description The context in which a handler runs
         * @example {
         *       "app_context": {
         *         "app_name": "althing",
         *         "config_app_name": "Althing",
         *         "debug_mode": true
         *       },
         *       "request_context": {
         *         "method": "GET",
         *         "url": "http://127.0.0.1:8000/api/v1/playground/context",
         *         "endpoint": "playground-context",
         *         "blueprint": "playground",
         *         "view_args": {}
         *       },
         *       "g_data": {
         *         "request_id": "req-12345",
         *         "user_ip": "127.0.0.1"
         *       }
         *     }
         */
        PlaygroundContext: {
            /** @description Data that all requests share */
            app_context: {
                /** @description The name of the application */
                app_name: string;
                /** @description The display name of the application */
                config_app_name: string;
                /** @description Whether the service runs outside production */
                debug_mode: boolean;
            };
            /** @description Data of this request */
            request_context: {
                /** @description The HTTP method */
                method: string;
                /** @description The full URL */
                url: string;
                /** @description The operationId of the operation */
                endpoint: string;
                /** @description The tag of the operation */
                blueprint: string;
                /** @description The path parameters */
                view_args: {
                    [key: string]: string;
                };
            };
            /** @description Data that hooks set for this request */
            g_data: {
                /** @description The id of the request, as in `X-Request-ID` */
                request_id: string;
                /** @description The IP address of the client */
                user_ip: string;
            };
        };
        /**
         * PlaygroundCookies
         * @description The cookies of the request
         * @example {
         *       "all_cookies": {
         *         "session_id": "[redacted]"
         *       },
         *       "session_id": "[redacted]"
         *     }
         */
        PlaygroundCookies: {
            /** @description All cookies by name, with redacted values */
            all_cookies: {
                [key: string]: string;
            };
            /** @description `[redacted]` if a `session_id` cookie was sent; null otherwise */
            session_id: string | null;
        };
        /**
         * PlaygroundHeaders
         * @description Information about the client, from its headers
         * @example {
         *       "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         *       "user_agent_browser": "firefox",
         *       "user_agent_platform": "linux",
         *       "accept_languages": [
         *         "zh-CN",
         *         "en"
         *       ],
         *       "authorization": "[redacted]"
         *     }
         */
        PlaygroundHeaders: {
            /** @description The `User-Agent` header */
            user_agent: string | null;
            /** @description The browser; null if unknown */
            user_agent_browser: string | null;
            /** @description The operating system; null if unknown */
            user_agent_platform: string | null;
            /** @description The languages in `Accept-Language`, most preferred first */
            accept_languages: string[];
            /** @description `[redacted]` if an `Authorization` header was sent; null otherwise */
            authorization: string | null;
        };
        /**
         * PlaygroundInspection
         * @description The request as received, with secrets redacted
         * @example {
         *       "method": "POST",
         *       "url": "http://127.0.0.1:8000/api/v1/playground/inspect?page=1&q=test",
         *       "base_url": "http://127.0.0.1:8000/api/v1/playground/inspect",
         *       "url_root": "http://127.0.0.1:8000/",
         *       "path": "/api/v1/playground/inspect",
         *       "full_path": "/api/v1/playground/inspect?page=1&q=test",
         *       "scheme": "http",
         *       "is_secure": false,
         *       "host": "127.0.0.1:8000",
         *       "remote_addr": "127.0.0.1",
         *       "content_type": "application/json",
         *       "is_ajax": false,
         *       "headers": {
         *         "accept": "application/json",
         *         "authorization": "[redacted]"
         *       },
         *       "args": {
         *         "page": "1",
         *         "q": "test"
         *       },
         *       "form": {},
         *       "json": {
         *         "action": "test",
         *         "user": "alice"
         *       }
         *     }
         */
        PlaygroundInspection: {
            /** @description The HTTP method */
            method: string;
            /** @description The full URL */
            url: string;
            /** @description The URL without its query */
            base_url: string;
            /** @description The scheme and host */
            url_root: string;
            /** @description The path */
            path: string;
            /** @description The path with its query */
            full_path: string;
            /** @description The scheme: `http` or `https` */
            scheme: string;
            /** @description Whether the scheme is `https` */
            is_secure: boolean;
            /** @description The host and port */
            host: string;
            /** @description The IP address of the client */
            remote_addr: string;
            /** @description The `Content-Type` of the request; null if there is none */
            content_type: string | null;
            /** @description Whether `X-Requested-With` is `XMLHttpRequest` */
            is_ajax: boolean;
            /** @description The headers, with lower-case names */
            headers: {
                [key: string]: string;
            };
            /** @description The query parameters; a repeated one is a list */
            args: {
                [key: string]: unknown;
            };
            /** @description The form fields; files without their content */
            form: {
                [key: string]: unknown;
            };
            /** @description The JSON body; null if the body is not JSON */
            json: unknown;
        };
        /**
         * PlaygroundExample
         * @description A sample JSON object
         * @example {
         *       "message": "Success",
         *       "data": {
         *         "id": 1,
         *         "name": "Example"
         *       },
         *       "status": "ok"
         *     }
         */
        PlaygroundExample: {
            /** @description A message */
            message: string;
            /** @description A nested object */
            data: {
                /** @description An id */
                id: number;
                /** @description A name */
                name: string;
            };
            /**
             * @description Always `ok`
             * @enum {string}
             */
            status: "ok";
        };
        /**
         * PlaygroundMessage
         * @description A message
         * @example {
         *       "message": "Async response"
         *     }
         */
        PlaygroundMessage: {
            /** @description A message */
            message: string;
        };
        /**
         * PlaygroundQuotient
         * @description The result of a division
         * @example {
         *       "divisor": 4,
         *       "quotient": 250
         *     }
         */
        PlaygroundQuotient: {
            /** @description The divisor of 1000 */
            divisor: number;
            /** @description The quotient, truncated to an integer */
            quotient: number;
        };
        /**
         * PlaygroundUpstream
         * @description The JSON response of the upstream, unchanged
         * @example {
         *       "message": "Hello from the upstream"
         *     }
         */
        PlaygroundUpstream: unknown;
        /**
         * PlaygroundWebSocket
         * @description How to connect to the echo WebSocket
         * @example {
         *       "url": "ws://127.0.0.1:8000/api/v1/ws/echo",
         *       "max_message_bytes": 65536
         *     }
         */
        PlaygroundWebSocket: {
            /** @description The URL of the WebSocket */
            url: string;
            /** @description The maximum size of a message, in bytes */
            max_message_bytes: number;
        };
        /**
         * AuthorOfPosts
         * @description An author, with totals over their published posts
         * @example {
         *       "author": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "post_count": 12,
         *       "view_count": 420,
         *       "comment_count": 7
         *     }
         */
        AuthorOfPosts: {
            author: components["schemas"]["Author"];
            /** @description The number of published posts */
            post_count: number;
            /** @description The total number of views of these posts */
            view_count: number;
            /** @description The total number of approved comments on these posts */
            comment_count: number;
        };
        /**
         * PopularPosts
         * @description The most viewed posts, most viewed first
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "title": "Pooling connections",
         *           "slug": "pooling-connections",
         *           "summary": "Why a pool, and how large.",
         *           "excerpt": "A pool keeps connections open.",
         *           "status": "published",
         *           "author": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "category": {
         *             "id": 3,
         *             "name": "Databases",
         *             "slug": "databases"
         *           },
         *           "tags": [
         *             {
         *               "id": 7,
         *               "name": "postgres",
         *               "slug": "postgres"
         *             }
         *           ],
         *           "reading_minutes": 1,
         *           "view_count": 42,
         *           "comment_count": 3,
         *           "published_at": "2026-01-31T09:30:00.000Z",
         *           "created_at": "2026-01-30T18:00:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ]
         *     }
         */
        PopularPosts: {
            /** @description The items, in sort order */
            items: components["schemas"]["PostSummary"][];
        };
        /**
         * PostArchives
         * @description The months in which posts were published, newest first; 1,200 at most
         * @example {
         *       "items": [
         *         {
         *           "month": "2026-01",
         *           "post_count": 12
         *         }
         *       ]
         *     }
         */
        PostArchives: {
            /** @description The items, in sort order */
            items: components["schemas"]["PostMonth"][];
        };
        /**
         * PostMonth
         * @description A month and the number of posts published in it
         * @example {
         *       "month": "2026-01",
         *       "post_count": 12
         *     }
         */
        PostMonth: {
            /** @description The year and month, in UTC */
            month: string;
            /** @description The number of published posts */
            post_count: number;
        };
        /**
         * PostsByAuthor
         * @description The authors with the most published posts, highest number first
         * @example {
         *       "items": [
         *         {
         *           "author": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "post_count": 12,
         *           "view_count": 420,
         *           "comment_count": 7
         *         }
         *       ]
         *     }
         */
        PostsByAuthor: {
            /** @description The items, in sort order */
            items: components["schemas"]["AuthorOfPosts"][];
        };
        /**
         * PostsByTag
         * @description The tags with the most published posts, highest number first
         * @example {
         *       "items": [
         *         {
         *           "tag": {
         *             "id": 3,
         *             "name": "Databases",
         *             "slug": "databases"
         *           },
         *           "post_count": 12,
         *           "view_count": 420
         *         }
         *       ]
         *     }
         */
        PostsByTag: {
            /** @description The items, in sort order */
            items: components["schemas"]["TagOfPosts"][];
        };
        /**
         * TagOfPosts
         * @description A tag, with totals over its published posts
         * @example {
         *       "tag": {
         *         "id": 3,
         *         "name": "Databases",
         *         "slug": "databases"
         *       },
         *       "post_count": 12,
         *       "view_count": 420
         *     }
         */
        TagOfPosts: {
            tag: components["schemas"]["Topic"];
            /** @description The number of published posts */
            post_count: number;
            /** @description The total number of views of these posts */
            view_count: number;
        };
        /**
         * Author
         * @description The short form of a user, shown with content
         * @example {
         *       "id": 1,
         *       "username": "alice",
         *       "nickname": "Alice",
         *       "avatar_url": null
         *     }
         */
        Author: {
            /**
             * @description The id of the user
             * @example 1
             */
            id: number;
            /** @description The username */
            username: string;
            /** @description The display name; may be empty */
            nickname: string;
            /** @description The URL of the profile picture; null if there is none */
            avatar_url: string | null;
        };
        /**
         * Post
         * @description A post with its text
         * @example {
         *       "id": 1,
         *       "title": "Pooling connections",
         *       "slug": "pooling-connections",
         *       "summary": "Why a pool, and how large.",
         *       "excerpt": "A pool keeps connections open.",
         *       "status": "published",
         *       "author": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "category": {
         *         "id": 3,
         *         "name": "Databases",
         *         "slug": "databases"
         *       },
         *       "tags": [
         *         {
         *           "id": 7,
         *           "name": "postgres",
         *           "slug": "postgres"
         *         }
         *       ],
         *       "reading_minutes": 1,
         *       "view_count": 42,
         *       "comment_count": 3,
         *       "published_at": "2026-01-31T09:30:00.000Z",
         *       "created_at": "2026-01-30T18:00:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z",
         *       "content": "A pool keeps **connections** open.",
         *       "content_html": "<p>A pool keeps <strong>connections</strong> open.</p>\n"
         *     }
         */
        Post: {
            /**
             * @description The id of the post
             * @example 1
             */
            id: number;
            /** @description The title */
            title: string;
            /** @description The slug used in URLs */
            slug: string;
            /** @description The summary; may be empty */
            summary: string;
            /** @description The beginning of the text, in plain text */
            excerpt: string;
            /**
             * @description The status. Drafts are visible only to their author and to editors.
             * @enum {string}
             */
            status: "draft" | "published";
            /** @description The author; null if the user was deleted */
            author: components["schemas"]["Author"] | null;
            /** @description The category; null for none */
            category: components["schemas"]["Topic"] | null;
            /** @description The tags, sorted by name */
            tags: components["schemas"]["Topic"][];
            /** @description The estimated reading time, in minutes */
            reading_minutes: number;
            /** @description The number of views, with a delay of some seconds. A network (an IPv4 address, or the /64 network of an IPv6 address) is counted once in 30 minutes, and at most 10,000 networks in that time. */
            view_count: number;
            /** @description The number of comments that everyone sees */
            comment_count: number;
            /** @description When the post was published; null for a draft */
            published_at: string | null;
            /**
             * Format: date-time
             * @description When the post was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the post was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description The Markdown source */
            content: string;
            /** @description The rendered HTML, sanitized and safe to embed in a page */
            content_html: string;
        };
        /**
         * PostCreate
         * @description The post to create
         * @example {
         *       "title": "Pooling connections",
         *       "content": "A pool keeps **connections** open.",
         *       "tags": [
         *         "postgres"
         *       ]
         *     }
         */
        PostCreate: {
            /**
             * @description The title
             * @example Pooling connections
             */
            title: string;
            /**
             * @description The Markdown source: CommonMark with tables, task lists and syntax highlighting. Code blocks of more than 2,000 characters, and code beyond 7,000 characters per post, are not highlighted. The rendered HTML may have 6 times as many bytes as the source, but not more than 1,000,000; 16,384 bytes are always allowed.
             * @example A pool keeps **connections** open.
             */
            content: string;
            /**
             * @description A summary of one or two sentences, in plain text
             * @default
             */
            summary?: string;
            /**
             * @description The id of the category; null for none
             * @default null
             */
            category_id?: number | null;
            /**
             * @description The names of the tags, ignoring case. Tags that do not exist are created. A tag of a draft is private until a post with it is published.
             * @default []
             * @example [
             *       "postgres",
             *       "performance"
             *     ]
             */
            tags?: string[];
            /**
             * @description The slug used in URLs. If omitted, it is derived from the title (Chinese is transliterated), with a number appended if a published post or another draft of yours has it; that of a draft is final once it is published.
             * @example pooling-connections
             */
            slug?: string;
            /**
             * @description The initial status: `published` to publish immediately
             * @default draft
             * @enum {string}
             */
            status?: "draft" | "published";
        };
        /**
         * PostPage
         * @description One page of posts
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "title": "Pooling connections",
         *           "slug": "pooling-connections",
         *           "summary": "Why a pool, and how large.",
         *           "excerpt": "A pool keeps connections open.",
         *           "status": "published",
         *           "author": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "category": {
         *             "id": 3,
         *             "name": "Databases",
         *             "slug": "databases"
         *           },
         *           "tags": [
         *             {
         *               "id": 7,
         *               "name": "postgres",
         *               "slug": "postgres"
         *             }
         *           ],
         *           "reading_minutes": 1,
         *           "view_count": 42,
         *           "comment_count": 3,
         *           "published_at": "2026-01-31T09:30:00.000Z",
         *           "created_at": "2026-01-30T18:00:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        PostPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["PostSummary"][];
            /** @description The total number of items, with `q` at most 1000; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * PostReplace
         * @description The new state of the post. Omitted fields are reset to their defaults, except slug and status.
         * @example {
         *       "title": "Pooling connections",
         *       "content": "A pool keeps **connections** open.",
         *       "tags": [
         *         "markdown"
         *       ]
         *     }
         */
        PostReplace: {
            /**
             * @description The title
             * @example Pooling connections
             */
            title: string;
            /**
             * @description The Markdown source: CommonMark with tables, task lists and syntax highlighting. Code blocks of more than 2,000 characters, and code beyond 7,000 characters per post, are not highlighted. The rendered HTML may have 6 times as many bytes as the source, but not more than 1,000,000; 16,384 bytes are always allowed.
             * @example A pool keeps **connections** open.
             */
            content: string;
            /**
             * @description A summary of one or two sentences, in plain text
             * @default
             */
            summary?: string;
            /**
             * @description The id of the category; null for none
             * @default null
             */
            category_id?: number | null;
            /**
             * @description The names of the tags, ignoring case. Tags that do not exist are created. A tag of a draft is private until a post with it is published.
             * @default []
             * @example [
             *       "postgres",
             *       "performance"
             *     ]
             */
            tags?: string[];
            /**
             * @description The slug used in URLs. It is kept when the title changes; slugs under which the post was published redirect to the current one.
             * @example pooling-connections
             */
            slug?: string;
            /**
             * @description The status: `published` publishes the post, `draft` makes it a draft again
             * @enum {string}
             */
            status?: "draft" | "published";
        };
        /**
         * PostSummary
         * @description A post without its text, as in lists
         * @example {
         *       "id": 1,
         *       "title": "Pooling connections",
         *       "slug": "pooling-connections",
         *       "summary": "Why a pool, and how large.",
         *       "excerpt": "A pool keeps connections open.",
         *       "status": "published",
         *       "author": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "category": {
         *         "id": 3,
         *         "name": "Databases",
         *         "slug": "databases"
         *       },
         *       "tags": [
         *         {
         *           "id": 7,
         *           "name": "postgres",
         *           "slug": "postgres"
         *         }
         *       ],
         *       "reading_minutes": 1,
         *       "view_count": 42,
         *       "comment_count": 3,
         *       "published_at": "2026-01-31T09:30:00.000Z",
         *       "created_at": "2026-01-30T18:00:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        PostSummary: {
            /**
             * @description The id of the post
             * @example 1
             */
            id: number;
            /** @description The title */
            title: string;
            /** @description The slug used in URLs */
            slug: string;
            /** @description The summary; may be empty */
            summary: string;
            /** @description The beginning of the text, in plain text */
            excerpt: string;
            /**
             * @description The status. Drafts are visible only to their author and to editors.
             * @enum {string}
             */
            status: "draft" | "published";
            /** @description The author; null if the user was deleted */
            author: components["schemas"]["Author"] | null;
            /** @description The category; null for none */
            category: components["schemas"]["Topic"] | null;
            /** @description The tags, sorted by name */
            tags: components["schemas"]["Topic"][];
            /** @description The estimated reading time, in minutes */
            reading_minutes: number;
            /** @description The number of views, with a delay of some seconds. A network (an IPv4 address, or the /64 network of an IPv6 address) is counted once in 30 minutes, and at most 10,000 networks in that time. */
            view_count: number;
            /** @description The number of comments that everyone sees */
            comment_count: number;
            /** @description When the post was published; null for a draft */
            published_at: string | null;
            /**
             * Format: date-time
             * @description When the post was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the post was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * PostUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "title": "Pools of connections",
         *       "tags": [
         *         "markdown",
         *         "performance"
         *       ]
         *     }
         */
        PostUpdate: {
            /**
             * @description The title
             * @example Pooling connections
             */
            title?: string;
            /**
             * @description The slug used in URLs. It is kept when the title changes; slugs under which the post was published redirect to the current one.
             * @example pooling-connections
             */
            slug?: string;
            /**
             * @description The Markdown source: CommonMark with tables, task lists and syntax highlighting. Code blocks of more than 2,000 characters, and code beyond 7,000 characters per post, are not highlighted. The rendered HTML may have 6 times as many bytes as the source, but not more than 1,000,000; 16,384 bytes are always allowed.
             * @example A pool keeps **connections** open.
             */
            content?: string;
            /** @description A summary of one or two sentences, in plain text */
            summary?: string;
            /** @description The id of the category; null for none */
            category_id?: number | null;
            /**
             * @description The names of the tags, ignoring case. Tags that do not exist are created. A tag of a draft is private until a post with it is published.
             * @example [
             *       "postgres",
             *       "performance"
             *     ]
             */
            tags?: string[];
            /**
             * @description The status: `published` publishes the post, `draft` makes it a draft again
             * @enum {string}
             */
            status?: "draft" | "published";
        };
        /**
         * Topic
         * @description The short form of a category or tag, shown with posts
         * @example {
         *       "id": 3,
         *       "name": "Databases",
         *       "slug": "databases"
         *     }
         */
        Topic: {
            /**
             * @description The id of the category or tag
             * @example 1
             */
            id: number;
            /** @description The name */
            name: string;
            /** @description The slug used in URLs */
            slug: string;
        };
        /**
         * LiveLook
         * @description Says what the client looks at, which clients that are subscribed to the topic are told. It ends with the connection. Only members of the project may look.
         * @example {
         *       "type": "look",
         *       "topic": "project:1"
         *     }
         */
        LiveLook: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "look";
            /** @description What the client looks at from now on, instead of what it did; null for nothing */
            topic: string | null;
        };
        /**
         * LiveLooking
         * @description The answer to `look`
         * @example {
         *       "type": "looking",
         *       "topic": "project:1"
         *     }
         */
        LiveLooking: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "looking";
            /** @description The topic of the request */
            topic: string | null;
        };
        /**
         * LivePresence
         * @description Everyone who looks at a topic that you are subscribed to: after `subscribe`, and when it changes, at most once a second
         * @example {
         *       "type": "presence",
         *       "topic": "project:1",
         *       "users": [
         *         {
         *           "id": 1,
         *           "username": "alice",
         *           "nickname": "Alice",
         *           "avatar_url": null
         *         }
         *       ],
         *       "total": 1
         *     }
         */
        LivePresence: {
            /**
             * @description The kind of the message (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            type: "presence";
            /**
             * @description The topic, of a project or task
             * @example project:1
             */
            topic: string;
            /** @description The users who look at the topic, by username, the first 50 of them: each once, however many clients they have, and you among them */
            users: components["schemas"]["Author"][];
            /** @description The number of users who look at it */
            total: number;
        };
        /**
         * ProjectInvitation
         * @description An invitation to become a member of a project
         * @example {
         *       "id": 1,
         *       "project": {
         *         "id": 1,
         *         "key": "WEB",
         *         "name": "Website"
         *       },
         *       "username": "eve",
         *       "email": null,
         *       "role": "member",
         *       "invited_by": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "expires_at": "2026-02-14T09:30:00.000Z"
         *     }
         */
        ProjectInvitation: {
            /**
             * @description The id of the invitation
             * @example 1
             */
            id: number;
            /** @description The project */
            project: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
                 * @example WEB
                 */
                key: string;
                /** @description The name of the project */
                name: string;
            };
            /** @description The invited user; null for an invitation by mail */
            username: string | null;
            /** @description The address that a mail was sent to; null for an invitation by username */
            email: string | null;
            /**
             * @description What a member may do: `viewer` reads, `member` also writes tasks, `owner` also changes the project and its members
             * @enum {string}
             */
            role: "viewer" | "member" | "owner";
            invited_by: components["schemas"]["Author"];
            /**
             * Format: date-time
             * @description When the invitation was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the invitation expires
             * @example 2026-01-31T09:30:00.000Z
             */
            expires_at: string;
        };
        /**
         * ProjectInvitationCreate
         * @description The invitation to create, with exactly one of `username` and `email`
         * @example {
         *       "username": "eve",
         *       "role": "viewer"
         *     }
         */
        ProjectInvitationCreate: {
            /**
             * @description The invited user
             * @example alice
             */
            username?: string;
            /**
             * Format: email
             * @description The address to which a mail with a token is sent, whether or not it belongs to a user
             * @example alice@example.com
             */
            email?: string;
            /**
             * @description What a member may do: `viewer` reads, `member` also writes tasks, `owner` also changes the project and its members
             * @default member
             * @enum {string}
             */
            role?: "viewer" | "member" | "owner";
        };
        /**
         * ProjectInvitationPage
         * @description One page of invitations
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "project": {
         *             "id": 1,
         *             "key": "WEB",
         *             "name": "Website"
         *           },
         *           "username": "eve",
         *           "email": null,
         *           "role": "member",
         *           "invited_by": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "expires_at": "2026-02-14T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        ProjectInvitationPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["ProjectInvitation"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * ProjectInvitationToken
         * @description The token of an invitation
         * @example {
         *       "token": "y3JxN0n4…"
         *     }
         */
        ProjectInvitationToken: {
            /** @description The token from the mail. It works once. */
            token: string;
        };
        /**
         * ProjectLabel
         * @description A label for tasks of a project
         * @example {
         *       "id": 1,
         *       "name": "bug",
         *       "color": "#d73a4a",
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        ProjectLabel: {
            /**
             * @description The id of the label
             * @example 1
             */
            id: number;
            /** @description The name */
            name: string;
            /**
             * @description The color as `#rrggbb`
             * @example #d73a4a
             */
            color: string;
            /**
             * Format: date-time
             * @description When the label was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the label was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * ProjectLabelCreate
         * @description The label to create
         * @example {
         *       "name": "research",
         *       "color": "#0e8a16"
         *     }
         */
        ProjectLabelCreate: {
            /** @description The name; unique in the project, ignoring case and Unicode normalization */
            name: string;
            /**
             * @description The color as `#rrggbb`
             * @default #808080
             * @example #d73a4a
             */
            color?: string;
        };
        /**
         * ProjectLabelPage
         * @description One page of labels
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "name": "bug",
         *           "color": "#d73a4a",
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        ProjectLabelPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["ProjectLabel"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * ProjectLabelUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "color": "#b60205"
         *     }
         */
        ProjectLabelUpdate: {
            /** @description The name; unique in the project, ignoring case and Unicode normalization */
            name?: string;
            /**
             * @description The color as `#rrggbb`
             * @example #d73a4a
             */
            color?: string;
        };
        /**
         * ProjectMember
         * @description A member of a project
         * @example {
         *       "user": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "role": "owner",
         *       "joined_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        ProjectMember: {
            user: components["schemas"]["Author"];
            /**
             * @description What a member may do: `viewer` reads, `member` also writes tasks, `owner` also changes the project and its members
             * @enum {string}
             */
            role: "viewer" | "member" | "owner";
            /**
             * Format: date-time
             * @description When the user became a member
             * @example 2026-01-31T09:30:00.000Z
             */
            joined_at: string;
        };
        /**
         * ProjectMemberChange
         * @description The new role of the member
         * @example {
         *       "role": "member"
         *     }
         */
        ProjectMemberChange: {
            /**
             * @description What a member may do: `viewer` reads, `member` also writes tasks, `owner` also changes the project and its members
             * @enum {string}
             */
            role: "viewer" | "member" | "owner";
        };
        /**
         * ProjectMemberPage
         * @description One page of members
         * @example {
         *       "items": [
         *         {
         *           "user": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "role": "owner",
         *           "joined_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        ProjectMemberPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["ProjectMember"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * ProjectTask
         * @description A task of a project
         * @example {
         *       "id": 101,
         *       "project_id": 1,
         *       "number": 12,
         *       "summary": "Compare the fonts",
         *       "status": "in_progress",
         *       "allowed_transitions": [
         *         "review",
         *         "todo",
         *         "cancelled"
         *       ],
         *       "position": "a0",
         *       "priority": "normal",
         *       "assignee_ids": [
         *         2
         *       ],
         *       "label_ids": [
         *         1
         *       ],
         *       "start_on": null,
         *       "due_on": "2026-02-14",
         *       "time_zone": "Europe/Berlin",
         *       "due_at": "2026-02-14T23:00:00.000Z",
         *       "estimate": 90,
         *       "recurrence": null,
         *       "checklist_total": 1,
         *       "checklist_done": 0,
         *       "creator_id": 1,
         *       "completed_at": null,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z",
         *       "description": "At most *two* families.",
         *       "description_html": "<p>At most <em>two</em> families.</p>\n",
         *       "checklist": [
         *         {
         *           "id": 1,
         *           "text": "Ask for samples",
         *           "done": false
         *         }
         *       ]
         *     }
         */
        ProjectTask: {
            /**
             * @description The id of the task
             * @example 1
             */
            id: number;
            /**
             * @description The id of the project
             * @example 1
             */
            project_id: number;
            /** @description The number of the task in its project: with the key of the project, `WEB-12` */
            number: number;
            /** @description What is to be done, in plain text */
            summary: string;
            /**
             * @description The status, which is a column of the board
             * @enum {string}
             */
            status: "todo" | "in_progress" | "review" | "done" | "cancelled";
            /** @description The statuses that `transition` accepts now */
            allowed_transitions: ("todo" | "in_progress" | "review" | "done" | "cancelled")[];
            /**
             * @description The place within the column: tasks are in the order of these strings by their bytes. Use `move` to change it.
             * @example a0
             */
            position: string;
            /**
             * @description The priority
             * @enum {string}
             */
            priority: "low" | "normal" | "high" | "urgent";
            /** @description The ids of the members who work on the task */
            assignee_ids: number[];
            /** @description The ids of labels of the project */
            label_ids: number[];
            /** @description The day on which the work begins; null if it has none */
            start_on: string | null;
            /** @description The day on which the task is due; null if it has none */
            due_on: string | null;
            /** @description The time zone in which its days begin and end */
            time_zone: string;
            /** @description When the due day ends in the time zone; null without a due date */
            due_at: string | null;
            /** @description The estimated work in minutes; null without an estimate */
            estimate: number | null;
            /**
             * @description A rule of iCalendar (RFC 5545) without `COUNT`: when the task is done, the next one is created, due on the first day of the rule after the due date. Needs `due_on`. Null for a task that does not repeat.
             * @example FREQ=WEEKLY;BYDAY=MO
             */
            recurrence: string | null;
            /** @description The number of checklist items */
            checklist_total: number;
            /** @description The number of those that are done */
            checklist_done: number;
            /** @description The id of the user who created the task; null if the user was deleted */
            creator_id: number | null;
            /** @description When the task was completed; null unless it is done */
            completed_at: string | null;
            /**
             * Format: date-time
             * @description When the task was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the task was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description The description in Markdown */
            description: string;
            /** @description The description as safe HTML */
            description_html: string;
            /** @description The checklist */
            checklist: components["schemas"]["ChecklistItem"][];
        };
        /**
         * ProjectTaskCreate
         * @description The task to create, last in the column `todo`
         * @example {
         *       "summary": "Compare the fonts",
         *       "due_on": "2026-02-14"
         *     }
         */
        ProjectTaskCreate: {
            /**
             * @description What is to be done, in plain text. White space around it is removed.
             * @example Compare the fonts
             */
            summary: string;
            /**
             * @description The description in Markdown
             * @default
             */
            description?: string;
            /**
             * @description The priority
             * @default normal
             * @enum {string}
             */
            priority?: "low" | "normal" | "high" | "urgent";
            /**
             * @description The ids of the members who work on the task
             * @default []
             */
            assignee_ids?: number[];
            /**
             * @description The ids of labels of the project
             * @default []
             */
            label_ids?: number[];
            /**
             * @description The day on which the work begins; null if it has none
             * @default null
             */
            start_on?: string | null;
            /**
             * @description The day on which the task is due; null if it has none
             * @default null
             */
            due_on?: string | null;
            /**
             * @description A time zone of the IANA database, in which days begin and end; that of the project, if omitted
             * @example Europe/Berlin
             */
            time_zone?: string;
            /**
             * @description The estimated work in minutes; null without an estimate
             * @default null
             */
            estimate?: number | null;
            /**
             * @description A rule of iCalendar (RFC 5545) without `COUNT`: when the task is done, the next one is created, due on the first day of the rule after the due date. Needs `due_on`. Null for a task that does not repeat.
             * @default null
             * @example FREQ=WEEKLY;BYDAY=MO
             */
            recurrence?: string | null;
        };
        /**
         * ProjectTaskPage
         * @description One page of tasks
         * @example {
         *       "items": [
         *         {
         *           "id": 101,
         *           "project_id": 1,
         *           "number": 12,
         *           "summary": "Compare the fonts",
         *           "status": "in_progress",
         *           "allowed_transitions": [
         *             "review",
         *             "todo",
         *             "cancelled"
         *           ],
         *           "position": "a0",
         *           "priority": "normal",
         *           "assignee_ids": [
         *             2
         *           ],
         *           "label_ids": [
         *             1
         *           ],
         *           "start_on": null,
         *           "due_on": "2026-02-14",
         *           "time_zone": "Europe/Berlin",
         *           "due_at": "2026-02-14T23:00:00.000Z",
         *           "estimate": 90,
         *           "recurrence": null,
         *           "checklist_total": 1,
         *           "checklist_done": 0,
         *           "creator_id": 1,
         *           "completed_at": null,
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        ProjectTaskPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["ProjectTaskSummary"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * ProjectTaskSummary
         * @description A task of a project, without its texts
         * @example {
         *       "id": 101,
         *       "project_id": 1,
         *       "number": 12,
         *       "summary": "Compare the fonts",
         *       "status": "in_progress",
         *       "allowed_transitions": [
         *         "review",
         *         "todo",
         *         "cancelled"
         *       ],
         *       "position": "a0",
         *       "priority": "normal",
         *       "assignee_ids": [
         *         2
         *       ],
         *       "label_ids": [
         *         1
         *       ],
         *       "start_on": null,
         *       "due_on": "2026-02-14",
         *       "time_zone": "Europe/Berlin",
         *       "due_at": "2026-02-14T23:00:00.000Z",
         *       "estimate": 90,
         *       "recurrence": null,
         *       "checklist_total": 1,
         *       "checklist_done": 0,
         *       "creator_id": 1,
         *       "completed_at": null,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        ProjectTaskSummary: {
            /**
             * @description The id of the task
             * @example 1
             */
            id: number;
            /**
             * @description The id of the project
             * @example 1
             */
            project_id: number;
            /** @description The number of the task in its project: with the key of the project, `WEB-12` */
            number: number;
            /** @description What is to be done, in plain text */
            summary: string;
            /**
             * @description The status, which is a column of the board
             * @enum {string}
             */
            status: "todo" | "in_progress" | "review" | "done" | "cancelled";
            /** @description The statuses that `transition` accepts now */
            allowed_transitions: ("todo" | "in_progress" | "review" | "done" | "cancelled")[];
            /**
             * @description The place within the column: tasks are in the order of these strings by their bytes. Use `move` to change it.
             * @example a0
             */
            position: string;
            /**
             * @description The priority
             * @enum {string}
             */
            priority: "low" | "normal" | "high" | "urgent";
            /** @description The ids of the members who work on the task */
            assignee_ids: number[];
            /** @description The ids of labels of the project */
            label_ids: number[];
            /** @description The day on which the work begins; null if it has none */
            start_on: string | null;
            /** @description The day on which the task is due; null if it has none */
            due_on: string | null;
            /** @description The time zone in which its days begin and end */
            time_zone: string;
            /** @description When the due day ends in the time zone; null without a due date */
            due_at: string | null;
            /** @description The estimated work in minutes; null without an estimate */
            estimate: number | null;
            /**
             * @description A rule of iCalendar (RFC 5545) without `COUNT`: when the task is done, the next one is created, due on the first day of the rule after the due date. Needs `due_on`. Null for a task that does not repeat.
             * @example FREQ=WEEKLY;BYDAY=MO
             */
            recurrence: string | null;
            /** @description The number of checklist items */
            checklist_total: number;
            /** @description The number of those that are done */
            checklist_done: number;
            /** @description The id of the user who created the task; null if the user was deleted */
            creator_id: number | null;
            /** @description When the task was completed; null unless it is done */
            completed_at: string | null;
            /**
             * Format: date-time
             * @description When the task was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the task was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * ProjectTaskUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "priority": "high",
         *       "due_on": null
         *     }
         */
        ProjectTaskUpdate: {
            /**
             * @description What is to be done, in plain text. White space around it is removed.
             * @example Compare the fonts
             */
            summary?: string;
            /** @description The description in Markdown */
            description?: string;
            /**
             * @description The priority
             * @enum {string}
             */
            priority?: "low" | "normal" | "high" | "urgent";
            /** @description The ids of the members who work on the task */
            assignee_ids?: number[];
            /** @description The ids of labels of the project */
            label_ids?: number[];
            /** @description The day on which the work begins; null if it has none */
            start_on?: string | null;
            /** @description The day on which the task is due; null if it has none */
            due_on?: string | null;
            /** @description The estimated work in minutes; null without an estimate */
            estimate?: number | null;
            /**
             * @description A time zone of the IANA database, in which days begin and end
             * @example Europe/Berlin
             */
            time_zone?: string;
            /**
             * @description A rule of iCalendar (RFC 5545) without `COUNT`: when the task is done, the next one is created, due on the first day of the rule after the due date. Needs `due_on`. Null for a task that does not repeat.
             * @example FREQ=WEEKLY;BYDAY=MO
             */
            recurrence?: string | null;
        };
        /**
         * ProjectTasksBulk
         * @description The same change of several tasks: all of them are changed, or none
         * @example {
         *       "ids": [
         *         6,
         *         7
         *       ],
         *       "changes": {
         *         "priority": "high"
         *       }
         *     }
         */
        ProjectTasksBulk: {
            /**
             * @description The ids of the tasks to change
             * @example [
             *       6,
             *       7
             *     ]
             */
            ids: number[];
            /** @description The fields to change in each of them */
            changes: {
                /**
                 * @description The priority
                 * @enum {string}
                 */
                priority?: "low" | "normal" | "high" | "urgent";
                /** @description The ids of the members who work on the task */
                assignee_ids?: number[];
                /** @description The ids of labels of the project */
                label_ids?: number[];
                /** @description The day on which the work begins; null if it has none */
                start_on?: string | null;
                /** @description The day on which the task is due; null if it has none */
                due_on?: string | null;
                /** @description The estimated work in minutes; null without an estimate */
                estimate?: number | null;
            };
            /**
             * @description The status, which is a column of the board
             * @enum {string}
             */
            status?: "todo" | "in_progress" | "review" | "done" | "cancelled";
            /**
             * @description Whether an owner exceeds the limit of the column
             * @default false
             */
            force?: boolean;
        };
        /**
         * ProjectTasksChanged
         * @description The changed tasks
         * @example {
         *       "tasks": [
         *         {
         *           "id": 101,
         *           "project_id": 1,
         *           "number": 12,
         *           "summary": "Compare the fonts",
         *           "status": "in_progress",
         *           "allowed_transitions": [
         *             "review",
         *             "todo",
         *             "cancelled"
         *           ],
         *           "position": "a0",
         *           "priority": "normal",
         *           "assignee_ids": [
         *             2
         *           ],
         *           "label_ids": [
         *             1
         *           ],
         *           "start_on": null,
         *           "due_on": "2026-02-14",
         *           "time_zone": "Europe/Berlin",
         *           "due_at": "2026-02-14T23:00:00.000Z",
         *           "estimate": 90,
         *           "recurrence": null,
         *           "checklist_total": 1,
         *           "checklist_done": 0,
         *           "creator_id": 1,
         *           "completed_at": null,
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ]
         *     }
         */
        ProjectTasksChanged: {
            /** @description The tasks after the change */
            tasks: components["schemas"]["ProjectTaskSummary"][];
        };
        /**
         * TaskMove
         * @description The new place in the column
         * @example {
         *       "after_id": null
         *     }
         */
        TaskMove: {
            /**
             * @description The id of the task of the same column after which it is put; null to put it first; if omitted, it becomes the last
             * @example null
             */
            after_id?: number | null;
        };
        /**
         * TaskTransition
         * @description The new status, and the place in its column
         * @example {
         *       "status": "in_progress"
         *     }
         */
        TaskTransition: {
            /**
             * @description The status, which is a column of the board
             * @enum {string}
             */
            status: "todo" | "in_progress" | "review" | "done" | "cancelled";
            /**
             * @description The id of the task of the same column after which it is put; null to put it first; if omitted, it becomes the last
             * @example null
             */
            after_id?: number | null;
            /**
             * @description Whether an owner exceeds the limit of the column
             * @default false
             */
            force?: boolean;
        };
        /**
         * Project
         * @description A project that you are a member of
         * @example {
         *       "id": 1,
         *       "key": "WEB",
         *       "name": "Website",
         *       "description": "The new public site",
         *       "time_zone": "Europe/Berlin",
         *       "in_progress_limit": 3,
         *       "review_limit": null,
         *       "my_role": "owner",
         *       "archived_at": null,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        Project: {
            /**
             * @description The id of the project
             * @example 1
             */
            id: number;
            /**
             * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
             * @example WEB
             */
            key: string;
            /** @description The name */
            name: string;
            /** @description What the project is about, in plain text */
            description: string;
            /** @description The time zone of the IANA database, in which days begin and end */
            time_zone: string;
            /** @description The maximum number of tasks in `in_progress`; null without a limit */
            in_progress_limit: number | null;
            /** @description The maximum number of tasks in `review`; null without a limit */
            review_limit: number | null;
            /**
             * @description What a member may do: `viewer` reads, `member` also writes tasks, `owner` also changes the project and its members
             * @enum {string}
             */
            my_role: "viewer" | "member" | "owner";
            /** @description When the project was archived, from when on it is read-only; null if it is not */
            archived_at: string | null;
            /**
             * Format: date-time
             * @description When the project was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the project was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * ProjectCreate
         * @description The project to create. You become its owner.
         * @example {
         *       "key": "APP",
         *       "name": "Mobile app"
         *     }
         */
        ProjectCreate: {
            /**
             * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
             * @example WEB
             */
            key: string;
            /**
             * @description The name. White space around it is removed.
             * @example Website
             */
            name: string;
            /**
             * @description What the project is about, in plain text
             * @default
             */
            description?: string;
            /**
             * @description A time zone of the IANA database, in which days begin and end
             * @default UTC
             * @example Europe/Berlin
             */
            time_zone?: string;
            /**
             * @description The maximum number of tasks in `in_progress`; null without a limit
             * @default null
             */
            in_progress_limit?: number | null;
            /**
             * @description The maximum number of tasks in `review`; null without a limit
             * @default null
             */
            review_limit?: number | null;
        };
        /**
         * ProjectPage
         * @description One page of projects
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "key": "WEB",
         *           "name": "Website",
         *           "description": "The new public site",
         *           "time_zone": "Europe/Berlin",
         *           "in_progress_limit": 3,
         *           "review_limit": null,
         *           "my_role": "owner",
         *           "archived_at": null,
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        ProjectPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Project"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * ProjectUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "name": "New website",
         *       "in_progress_limit": 5
         *     }
         */
        ProjectUpdate: {
            /**
             * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
             * @example WEB
             */
            key?: string;
            /**
             * @description The name. White space around it is removed.
             * @example Website
             */
            name?: string;
            /** @description What the project is about, in plain text */
            description?: string;
            /**
             * @description A time zone of the IANA database, in which days begin and end
             * @example Europe/Berlin
             */
            time_zone?: string;
            /** @description The maximum number of tasks in `in_progress`; null without a limit */
            in_progress_limit?: number | null;
            /** @description The maximum number of tasks in `review`; null without a limit */
            review_limit?: number | null;
        };
        /**
         * EmailAddress
         * @description The email address to send a mail to
         * @example {
         *       "email": "dora@example.com"
         *     }
         */
        EmailAddress: {
            /**
             * Format: email
             * @description The email address
             * @example alice@example.com
             */
            email: string;
        };
        /**
         * EmailChange
         * @description The new email address and your password
         * @example {
         *       "email": "dora@example.org",
         *       "password": "Correct-Horse-9"
         *     }
         */
        EmailChange: {
            /**
             * Format: email
             * @description The email address
             * @example alice@example.com
             */
            email: string;
            /**
             * Format: password
             * @description Your current password
             */
            password: string;
        };
        /**
         * EmailConfirmation
         * @description The token that confirms an email address
         * @example {
         *       "token": "y3JxN0n4…",
         *       "password": "Correct-Horse-9"
         *     }
         */
        EmailConfirmation: {
            /** @description The token from the mail. It works once. */
            token: string;
            /**
             * Format: password
             * @description The password that was chosen at registration. Required to confirm a registration, ignored for a change of address.
             */
            password?: string;
        };
        /**
         * EmailConfirmed
         * @description The email address was confirmed
         * @example {
         *       "status": "verified",
         *       "username": "dora",
         *       "email": "dora@example.com"
         *     }
         */
        EmailConfirmed: {
            /**
             * @description Always `verified`
             * @enum {string}
             */
            status: "verified";
            /** @description The username of the account */
            username: string;
            /** @description The confirmed email address */
            email: string;
        };
        /**
         * MailRequested
         * @description The request was accepted. The response does not reveal whether a mail is sent.
         * @example {
         *       "status": "accepted"
         *     }
         */
        MailRequested: {
            /**
             * @description Always `accepted`
             * @enum {string}
             */
            status: "accepted";
        };
        /**
         * Registration
         * @description The account to register
         * @example {
         *       "username": "dora",
         *       "email": "dora@example.com",
         *       "password": "Correct-Horse-9",
         *       "confirm_password": "Correct-Horse-9",
         *       "agree_terms": true
         *     }
         */
        Registration: {
            /**
             * @description The name to sign in with; unique, ignoring case
             * @example alice
             */
            username: string;
            /**
             * Format: email
             * @description The email address
             * @example alice@example.com
             */
            email: string;
            /**
             * Format: password
             * @description The password of the account. It must contain an upper-case letter, a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}|;:,.<>?`. It must not be one of the 10,000 most common passwords, with or without digits, symbols and substitutes such as `0` for `o`, and not contain your username, display name or email address.
             * @example Correct-Horse-9
             */
            password: string;
            /**
             * Format: password
             * @description The new password, repeated
             */
            confirm_password: string;
            /** @description Whether you accept the terms of service; must be true */
            agree_terms: boolean;
        };
        /**
         * RegistrationStatus
         * @description A mail is on its way. The account is created when the email address is confirmed.
         * @example {
         *       "status": "confirmation_sent",
         *       "username": "dora",
         *       "email": "dora@example.com"
         *     }
         */
        RegistrationStatus: {
            /**
             * @description Always `confirmation_sent`
             * @enum {string}
             */
            status: "confirmation_sent";
            /** @description The username, reserved for 24 hours */
            username: string;
            /** @description The email address that the mail is sent to */
            email: string;
        };
        /**
         * PermissionBit
         * @description A permission
         * @example {
         *       "name": "create",
         *       "bit": 2
         *     }
         */
        PermissionBit: {
            /**
             * @description The name of the permission
             * @enum {string}
             */
            name: "read" | "create" | "update" | "delete" | "admin";
            /** @description The bit of the permission in a mask */
            bit: number;
        };
        /**
         * RoleAssignment
         * @description Either a role or a permission mask
         * @example {
         *       "role": "editor"
         *     }
         * @example {
         *       "permissions": 5
         *     }
         */
        RoleAssignment: {
            /**
             * @description The role to assign
             * @enum {string}
             */
            role?: "guest" | "author" | "editor" | "admin";
            /**
             * @description The permission mask: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128
             * @example 7
             */
            permissions?: number;
        };
        /**
         * RoleDefinition
         * @description A role: a permission mask with a name
         * @example {
         *       "name": "author",
         *       "permissions": 7,
         *       "allows": [
         *         "read",
         *         "create",
         *         "update"
         *       ]
         *     }
         */
        RoleDefinition: {
            /**
             * @description The name of the role
             * @enum {string}
             */
            name: "guest" | "author" | "editor" | "admin";
            /**
             * @description The permission mask: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128
             * @example 7
             */
            permissions: number;
            /** @description The permissions that the role grants */
            allows: ("read" | "create" | "update" | "delete" | "admin")[];
        };
        /**
         * RoleList
         * @description All roles and all permissions
         * @example {
         *       "roles": [
         *         {
         *           "name": "guest",
         *           "permissions": 1,
         *           "allows": [
         *             "read"
         *           ]
         *         }
         *       ],
         *       "permissions": [
         *         {
         *           "name": "read",
         *           "bit": 1
         *         }
         *       ]
         *     }
         */
        RoleList: {
            /** @description The roles, from fewest to most permissions */
            roles: components["schemas"]["RoleDefinition"][];
            /** @description The permissions that masks consist of */
            permissions: components["schemas"]["PermissionBit"][];
        };
        /**
         * SearchHit
         * @description A post or comment that matches the search
         * @example {
         *       "kind": "post",
         *       "id": 1,
         *       "post": {
         *         "id": 1,
         *         "title": "Pooling connections",
         *         "slug": "pooling-connections"
         *       },
         *       "title_html": "Pooling <mark>connections</mark>",
         *       "snippet_html": "A pool keeps <mark>connections</mark> open.",
         *       "author": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "category": {
         *         "id": 3,
         *         "name": "Databases",
         *         "slug": "databases"
         *       },
         *       "tags": [
         *         {
         *           "id": 7,
         *           "name": "postgres",
         *           "slug": "postgres"
         *         }
         *       ],
         *       "view_count": 42,
         *       "date": "2026-01-31T09:30:00.000Z",
         *       "rank": 2.6079
         *     }
         */
        SearchHit: {
            /**
             * @description The type of the result
             * @enum {string}
             */
            kind: "post" | "comment";
            /**
             * @description The id of the post or comment
             * @example 1
             */
            id: number;
            post: components["schemas"]["SearchedPost"];
            /** @description The title of the post, as HTML that is safe to embed: text with the matches in `<mark>`, and no other tags */
            title_html: string;
            /** @description The part of the text around the first match, as HTML that is safe to embed: text with the matches in `<mark>`, and no other tags */
            snippet_html: string;
            /** @description The author of the post or comment; null if the user was deleted */
            author: components["schemas"]["Author"] | null;
            /** @description The category of the post; null for none */
            category: components["schemas"]["Topic"] | null;
            /** @description The tags of the post, sorted by name */
            tags: components["schemas"]["Topic"][];
            /** @description The number of views of the post */
            view_count: number;
            /**
             * Format: date-time
             * @description When the post was published, or when the draft or comment was created
             * @example 2026-01-31T09:30:00.000Z
             */
            date: string;
            /** @description The relevance, comparable within one response only: 2 or more if all words are in the title, 1 or more if all are in title, summary or tags */
            rank: number;
        };
        /**
         * SearchPage
         * @description One page of search results
         * @example {
         *       "items": [
         *         {
         *           "kind": "post",
         *           "id": 1,
         *           "post": {
         *             "id": 1,
         *             "title": "Pooling connections",
         *             "slug": "pooling-connections"
         *           },
         *           "title_html": "Pooling <mark>connections</mark>",
         *           "snippet_html": "A pool keeps <mark>connections</mark> open.",
         *           "author": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "category": {
         *             "id": 3,
         *             "name": "Databases",
         *             "slug": "databases"
         *           },
         *           "tags": [
         *             {
         *               "id": 7,
         *               "name": "postgres",
         *               "slug": "postgres"
         *             }
         *           ],
         *           "view_count": 42,
         *           "date": "2026-01-31T09:30:00.000Z",
         *           "rank": 2.6079
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        SearchPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["SearchHit"][];
            /** @description The number of matches, at most 1000 of each kind */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * SearchedPost
         * @description The matching post, or the post that the matching comment is on
         * @example {
         *       "id": 1,
         *       "title": "Pooling connections",
         *       "slug": "pooling-connections"
         *     }
         */
        SearchedPost: {
            /**
             * @description The id of the post
             * @example 1
             */
            id: number;
            /** @description The title */
            title: string;
            /** @description The slug used in URLs */
            slug: string;
        };
        /**
         * Suggestion
         * @description A suggestion for completing a search
         * @example {
         *       "kind": "post",
         *       "text": "Pooling connections",
         *       "slug": "pooling-connections"
         *     }
         */
        Suggestion: {
            /**
             * @description The type of the suggestion
             * @enum {string}
             */
            kind: "category" | "tag" | "post";
            /** @description The title of the post, or the name of the tag or category */
            text: string;
            /** @description The slug of the post, the tag or the category */
            slug: string;
        };
        /**
         * Suggestions
         * @description Suggestions for completing a search
         * @example {
         *       "items": [
         *         {
         *           "kind": "post",
         *           "text": "Pooling connections",
         *           "slug": "pooling-connections"
         *         }
         *       ]
         *     }
         */
        Suggestions: {
            /** @description The suggestions, best first */
            items: components["schemas"]["Suggestion"][];
        };
        /**
         * Session
         * @description A session: one browser or client that is signed in
         * @example {
         *       "id": 7,
         *       "kind": "cookie",
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "last_seen_at": "2026-01-31T10:00:00.000Z",
         *       "expires_at": "2026-01-31T10:30:00.000Z",
         *       "address": "203.0.113.7",
         *       "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
         *       "browser": "firefox",
         *       "platform": "linux",
         *       "remember": false,
         *       "current": true
         *     }
         */
        Session: {
            /** @description The id of the session */
            id: number;
            /**
             * @description How the client authenticates: with a session cookie or with tokens
             * @enum {string}
             */
            kind: "cookie" | "token";
            /**
             * Format: date-time
             * @description When the session was started
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the session was last used, accurate to the minute; for a session with tokens, when they were last renewed
             * @example 2026-01-31T09:30:00.000Z
             */
            last_seen_at: string;
            /**
             * Format: date-time
             * @description When the session expires if it is not used again. Every use extends it, up to a fixed time after the start: 30 days with a cookie and 90 days with tokens, unless configured otherwise.
             * @example 2026-01-31T09:30:00.000Z
             */
            expires_at: string;
            /** @description The IP address that the session was started from */
            address: string | null;
            /** @description The `User-Agent` header when the session was started */
            user_agent: string | null;
            /** @description The browser; null if unknown */
            browser: string | null;
            /** @description The operating system; null if unknown */
            platform: string | null;
            /** @description Whether the session is kept for 30 days after its last use instead of 30 minutes */
            remember: boolean;
            /** @description Whether this request belongs to the session */
            current: boolean;
        };
        /**
         * SessionPage
         * @description One page of sessions
         * @example {
         *       "items": [
         *         {
         *           "id": 7,
         *           "kind": "cookie",
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "last_seen_at": "2026-01-31T10:00:00.000Z",
         *           "expires_at": "2026-01-31T10:30:00.000Z",
         *           "address": "203.0.113.7",
         *           "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
         *           "browser": "firefox",
         *           "platform": "linux",
         *           "remember": false,
         *           "current": true
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        SessionPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Session"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * SessionsEnded
         * @description The result of ending sessions
         * @example {
         *       "ended": 2
         *     }
         */
        SessionsEnded: {
            /** @description The number of sessions that were ended */
            ended: number;
        };
        /**
         * ApiVersions
         * @description The versions of this API
         * @example {
         *       "versions": [
         *         {
         *           "version": "v1",
         *           "url": "/api/v1/"
         *         }
         *       ]
         *     }
         */
        ApiVersions: {
            /** @description The versions of this API */
            versions: {
                /** @description The name of the version */
                version: string;
                /** @description The base path of the version */
                url: string;
            }[];
        };
        /**
         * Health
         * @description The process is running
         * @example {
         *       "status": "healthy"
         *     }
         */
        Health: {
            /**
             * @description Always `healthy`
             * @enum {string}
             */
            status: "healthy";
        };
        /**
         * Readiness
         * @description The process and its database are ready for requests
         * @example {
         *       "status": "ready"
         *     }
         */
        Readiness: {
            /**
             * @description Always `ready`
             * @enum {string}
             */
            status: "ready";
        };
        /**
         * Status
         * @description The status and version of the service
         * @example {
         *       "status": "ok",
         *       "version": "0.1.0"
         *     }
         */
        Status: {
            /**
             * @description Always `ok`
             * @enum {string}
             */
            status: "ok";
            /** @description The version of the service */
            version: string;
        };
        /**
         * Welcome
         * @description A greeting, with the version of the service
         * @example {
         *       "message": "Welcome to Althing",
         *       "framework": "Fastify",
         *       "version": "0.1.0"
         *     }
         */
        Welcome: {
            /** @description A greeting */
            message: string;
            /** @description The framework that the service is built on */
            framework: string;
            /** @description The version of the service */
            version: string;
        };
        /**
         * Tag
         * @description A tag of posts
         * @example {
         *       "id": 7,
         *       "name": "postgres",
         *       "slug": "postgres",
         *       "post_count": 12,
         *       "created_at": "2026-01-30T18:00:00.000Z",
         *       "updated_at": "2026-01-30T18:00:00.000Z"
         *     }
         */
        Tag: {
            /**
             * @description The id of the category or tag
             * @example 1
             */
            id: number;
            /** @description The name */
            name: string;
            /** @description The slug used in URLs */
            slug: string;
            /** @description The number of published posts */
            post_count: number;
            /**
             * Format: date-time
             * @description When the category or tag was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the category or tag was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * TagCreate
         * @description The tag to create
         * @example {
         *       "name": "databases"
         *     }
         */
        TagCreate: {
            /** @description The name; unique, ignoring case and Unicode normalization */
            name: string;
            /** @description The slug used in URLs. If omitted, it is derived from the name (Chinese is transliterated), with a number appended if it is taken. */
            slug?: string;
        };
        /**
         * TagPage
         * @description One page of tags
         * @example {
         *       "items": [
         *         {
         *           "id": 7,
         *           "name": "postgres",
         *           "slug": "postgres",
         *           "post_count": 12,
         *           "created_at": "2026-01-30T18:00:00.000Z",
         *           "updated_at": "2026-01-30T18:00:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        TagPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Tag"][];
            /** @description The total number of items, with `q` at most 1000; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * TagReplace
         * @description The new state of the tag. An omitted slug is kept.
         * @example {
         *       "name": "Markup"
         *     }
         */
        TagReplace: {
            /** @description The name; unique, ignoring case and Unicode normalization */
            name: string;
            /** @description The slug used in URLs. If omitted, the current slug is kept, even if the name changes. */
            slug?: string;
        };
        /**
         * TagUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "name": "Markup",
         *       "slug": "markup"
         *     }
         */
        TagUpdate: {
            /** @description The name; unique, ignoring case and Unicode normalization */
            name?: string;
            /** @description The slug used in URLs. If omitted, the current slug is kept, even if the name changes. */
            slug?: string;
        };
        /**
         * TaskComment
         * @description A comment on a task of a project
         * @example {
         *       "id": 1,
         *       "author": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "content": "@bob The *second* one is better.",
         *       "content_html": "<p>@bob The <em>second</em> one is better.</p>\n",
         *       "mentions": [
         *         2
         *       ],
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        TaskComment: {
            /**
             * @description The id of the comment
             * @example 1
             */
            id: number;
            /** @description The author; null if the user was deleted */
            author: components["schemas"]["Author"] | null;
            /** @description The Markdown source */
            content: string;
            /** @description The rendered HTML, sanitized and safe to embed in a page */
            content_html: string;
            /** @description The ids of the mentioned users, who were members when the text was written, at most 50 */
            mentions: number[];
            /** @description True if `content` and `content_html` were left out because the response would have more than 1,000,000 bytes; absent otherwise. A smaller page has them. */
            is_truncated?: boolean;
            /**
             * Format: date-time
             * @description When the comment was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the text was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * TaskCommentCreate
         * @description The comment to create
         * @example {
         *       "content": "@bob The *second* one is better."
         *     }
         */
        TaskCommentCreate: {
            /**
             * @description The Markdown source. `@username` outside of code mentions a member. The rendered HTML may have 6 times as many bytes as the source, but not more than 65,536; 16,384 bytes are always allowed.
             * @example @bob The *second* one is better.
             */
            content: string;
        };
        /**
         * TaskCommentPage
         * @description One page of comments on a task
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "author": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "content": "@bob The *second* one is better.",
         *           "content_html": "<p>@bob The <em>second</em> one is better.</p>\n",
         *           "mentions": [
         *             2
         *           ],
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        TaskCommentPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["TaskComment"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * TaskCommentUpdate
         * @description The new text of the comment
         * @example {
         *       "content": "The first one."
         *     }
         */
        TaskCommentUpdate: {
            /**
             * @description The Markdown source. `@username` outside of code mentions a member. The rendered HTML may have 6 times as many bytes as the source, but not more than 65,536; 16,384 bytes are always allowed.
             * @example @bob The *second* one is better.
             */
            content: string;
        };
        /**
         * RelatedTask
         * @description A task that another is related to
         * @example {
         *       "id": 102,
         *       "number": 13,
         *       "summary": "Print them",
         *       "status": "todo"
         *     }
         */
        RelatedTask: {
            /**
             * @description The id of the task
             * @example 1
             */
            id: number;
            /** @description The number of the task in its project */
            number: number;
            /** @description What is to be done, in plain text */
            summary: string;
            /**
             * @description The status
             * @enum {string}
             */
            status: "todo" | "in_progress" | "review" | "done" | "cancelled";
        };
        /**
         * TaskRelation
         * @description A relation of a task to another of the same project
         * @example {
         *       "kind": "blocks",
         *       "direction": "outgoing",
         *       "task": {
         *         "id": 102,
         *         "number": 13,
         *         "summary": "Print them",
         *         "status": "todo"
         *       },
         *       "created_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        TaskRelation: {
            /**
             * @description The kind: a task `blocks` another, `relates` to it (which goes both ways), `duplicates` it, or is a `subtask` of it
             * @example blocks
             * @enum {string}
             */
            kind: "blocks" | "relates" | "duplicates" | "subtask";
            /**
             * @description `outgoing` if this task blocks, duplicates or is a subtask of the other; `incoming` if the other one does or is; always `outgoing` for `relates`
             * @enum {string}
             */
            direction: "outgoing" | "incoming";
            task: components["schemas"]["RelatedTask"];
            /**
             * Format: date-time
             * @description When the relation was added
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
        };
        /**
         * TaskRelations
         * @description All relations of a task
         * @example {
         *       "items": [
         *         {
         *           "kind": "blocks",
         *           "direction": "outgoing",
         *           "task": {
         *             "id": 102,
         *             "number": 13,
         *             "summary": "Print them",
         *             "status": "todo"
         *           },
         *           "created_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ]
         *     }
         */
        TaskRelations: {
            /** @description The relations, oldest first, at most 50 */
            items: components["schemas"]["TaskRelation"][];
        };
        /**
         * SearchedProject
         * @description The project of a found task
         * @example {
         *       "id": 3,
         *       "key": "WEB",
         *       "name": "Website"
         *     }
         */
        SearchedProject: {
            /**
             * @description The id of the project
             * @example 1
             */
            id: number;
            /**
             * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
             * @example WEB
             */
            key: string;
            /** @description The name of the project */
            name: string;
        };
        /**
         * SearchedTask
         * @description The matching task, or the task that the matching comment is on
         * @example {
         *       "id": 6,
         *       "number": 12,
         *       "summary": "Compare the fonts",
         *       "status": "todo"
         *     }
         */
        SearchedTask: {
            /**
             * @description The id of the task
             * @example 1
             */
            id: number;
            /** @description The number of the task in its project; null for a personal task */
            number: number | null;
            /** @description The summary, in plain text */
            summary: string;
            /**
             * @description The status of the task; a personal task is `todo` or `done`
             * @enum {string}
             */
            status: "todo" | "in_progress" | "review" | "done" | "cancelled";
        };
        /**
         * TaskSearchHit
         * @description A task, or a comment on a task, that matches the search
         * @example {
         *       "type": "task_comment",
         *       "project": {
         *         "id": 3,
         *         "key": "WEB",
         *         "name": "Website"
         *       },
         *       "task": {
         *         "id": 6,
         *         "number": 12,
         *         "summary": "Compare the fonts",
         *         "status": "todo"
         *       },
         *       "comment_id": 4,
         *       "summary_html": "Compare the <mark>fonts</mark>",
         *       "snippet_html": "These <mark>fonts</mark> cost 12 EUR.",
         *       "created_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        TaskSearchHit: {
            /**
             * @description The type of the result
             * @enum {string}
             */
            type: "task" | "task_comment";
            /** @description The project of the task; null for a personal task */
            project: components["schemas"]["SearchedProject"] | null;
            task: components["schemas"]["SearchedTask"];
            /** @description The id of the comment; null if the task itself matches */
            comment_id: number | null;
            /** @description The summary of the task, as HTML that is safe to embed: text with the matches in `<mark>`, and no other tags */
            summary_html: string;
            /** @description The part of the description or the comment around the first match, as HTML that is safe to embed: text with the matches in `<mark>`, and no other tags */
            snippet_html: string;
            /**
             * Format: date-time
             * @description When the task or the comment was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
        };
        /**
         * TaskSearchPage
         * @description One page of search results
         * @example {
         *       "items": [
         *         {
         *           "type": "task_comment",
         *           "project": {
         *             "id": 3,
         *             "key": "WEB",
         *             "name": "Website"
         *           },
         *           "task": {
         *             "id": 6,
         *             "number": 12,
         *             "summary": "Compare the fonts",
         *             "status": "todo"
         *           },
         *           "comment_id": 4,
         *           "summary_html": "Compare the <mark>fonts</mark>",
         *           "snippet_html": "These <mark>fonts</mark> cost 12 EUR.",
         *           "created_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        TaskSearchPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["TaskSearchHit"][];
            /** @description The number of matches, at most 1000 of each kind */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * TaskWatcher
         * @description A member who watches a task
         * @example {
         *       "user": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "created_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        TaskWatcher: {
            user: components["schemas"]["Author"];
            /**
             * Format: date-time
             * @description When the user began to watch the task
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
        };
        /**
         * TaskWatcherPage
         * @description One page of watchers
         * @example {
         *       "items": [
         *         {
         *           "user": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "created_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        TaskWatcherPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["TaskWatcher"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * Task
         * @description A personal task
         * @example {
         *       "id": 1,
         *       "summary": "Water the plants",
         *       "completed": false,
         *       "priority": "normal",
         *       "due_on": "2026-02-14",
         *       "completed_at": null,
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "updated_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        Task: {
            /**
             * @description The id of the task
             * @example 1
             */
            id: number;
            /** @description What is to be done, in plain text */
            summary: string;
            /** @description Whether the task is done */
            completed: boolean;
            /**
             * @description The priority
             * @enum {string}
             */
            priority: "low" | "normal" | "high" | "urgent";
            /** @description The day on which the task is due; null if it has none */
            due_on: string | null;
            /** @description When the task was completed; null if it is not done */
            completed_at: string | null;
            /**
             * Format: date-time
             * @description When the task was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When the task was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * TaskCreate
         * @description The task to create
         * @example {
         *       "summary": "Water the plants",
         *       "due_on": "2026-02-14"
         *     }
         */
        TaskCreate: {
            /**
             * @description What is to be done, in 1 to 300 characters of plain text. White space around it is removed.
             * @example Water the plants
             */
            summary: string;
            /**
             * @description Whether the task is done
             * @default false
             */
            completed?: boolean;
            /**
             * @description The priority
             * @default normal
             * @enum {string}
             */
            priority?: "low" | "normal" | "high" | "urgent";
            /**
             * @description The day on which the task is due; null if it has none
             * @default null
             */
            due_on?: string | null;
        };
        /**
         * TaskPage
         * @description One page of tasks
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "summary": "Water the plants",
         *           "completed": false,
         *           "priority": "normal",
         *           "due_on": "2026-02-14",
         *           "completed_at": null,
         *           "created_at": "2026-01-31T09:30:00.000Z",
         *           "updated_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        TaskPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["Task"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * TaskStatistics
         * @description How many tasks you have, outside the trash
         * @example {
         *       "total": 5,
         *       "done": 2,
         *       "pending": 3
         *     }
         */
        TaskStatistics: {
            /** @description The number of tasks */
            total: number;
            /** @description The number of completed tasks */
            done: number;
            /** @description The number of tasks that are not done */
            pending: number;
        };
        /**
         * TaskUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "priority": "high",
         *       "due_on": null
         *     }
         */
        TaskUpdate: {
            /**
             * @description What is to be done, in 1 to 300 characters of plain text. White space around it is removed.
             * @example Water the plants
             */
            summary?: string;
            /** @description Whether the task is done */
            completed?: boolean;
            /**
             * @description The priority
             * @enum {string}
             */
            priority?: "low" | "normal" | "high" | "urgent";
            /** @description The day on which the task is due; null if it has none */
            due_on?: string | null;
        };
        /**
         * TasksPurged
         * @description How many completed tasks were deleted
         * @example {
         *       "removed": 2
         *     }
         */
        TasksPurged: {
            /** @description The number of deleted tasks */
            removed: number;
        };
        /**
         * RevocationStatus
         * @description The token is no longer valid
         * @example {
         *       "status": "revoked"
         *     }
         */
        RevocationStatus: {
            /**
             * @description Always `revoked`
             * @enum {string}
             */
            status: "revoked";
        };
        /**
         * TokenPair
         * @description An access token and a refresh token
         * @example {
         *       "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
         *       "token_type": "bearer",
         *       "expires_in": 3600,
         *       "refresh_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
         *       "refresh_expires_in": 2592000
         *     }
         */
        TokenPair: {
            /** @description The access token, to send as `Authorization: Bearer …` */
            access_token: string;
            /**
             * @description Always `bearer`
             * @enum {string}
             */
            token_type: "bearer";
            /** @description The lifetime of the access token, in seconds: 3600, or less shortly before the session ends */
            expires_in: number;
            /** @description The refresh token, which can be exchanged once for new tokens */
            refresh_token: string;
            /** @description The lifetime of the refresh token, in seconds: 30 days, or the rest of the session if that is shorter */
            refresh_expires_in: number;
            /** @description A secret to keep and to send with the next sign-in; only with the grant type `password` */
            device_token?: string;
        };
        /**
         * TokenRefresh
         * @description The token to exchange
         * @example {
         *       "refresh_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
         *     }
         */
        TokenRefresh: {
            /** @description The latest refresh token */
            refresh_token: string;
        };
        /**
         * TokenRequest
         * @description A token request: `username` and `password` with the grant type `password`, or `refresh_token` with the grant type `refresh_token`
         * @example {
         *       "grant_type": "password",
         *       "username": "admin",
         *       "password": "a long Secret 1"
         *     }
         * @example {
         *       "grant_type": "refresh_token",
         *       "refresh_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
         *     }
         */
        TokenRequest: {
            /**
             * @description The grant type: `password` to sign in, `refresh_token` to renew the tokens
             * @default password
             * @enum {string}
             */
            grant_type?: "password" | "refresh_token";
            /** @description The username or email address */
            username?: string;
            /**
             * Format: password
             * @description The password of the account
             */
            password?: string;
            /** @description The latest refresh token; required with the grant type `refresh_token` */
            refresh_token?: string;
            /** @description The `device_token` of an earlier response, with the grant type `password`: marks the client as known to the account, so that others who guess passwords do not delay it */
            device_token?: string;
            /** @description Ignored: a token has all permissions of its user */
            scope?: string;
            /** @description Ignored: clients are not registered */
            client_id?: string;
            /**
             * Format: password
             * @description Ignored: clients are not registered
             */
            client_secret?: string;
        };
        /**
         * TokenRevocation
         * @description The token to revoke
         * @example {
         *       "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
         *     }
         */
        TokenRevocation: {
            /** @description A refresh token or an access token */
            token: string;
            /** @description Ignored: the type is read from the token */
            token_type_hint?: string;
        };
        /**
         * TrashItem
         * @description A post, comment, task or project in the trash, which can be restored
         * @example {
         *       "kind": "post",
         *       "id": 1,
         *       "title": "Pooling connections",
         *       "author": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "deleted_at": "2026-01-31T09:30:00.000Z",
         *       "deleted_by": {
         *         "id": 1,
         *         "username": "alice",
         *         "nickname": "Alice",
         *         "avatar_url": null
         *       },
         *       "expires_at": "2026-03-02T09:30:00.000Z"
         *     }
         */
        TrashItem: {
            /**
             * @description The type of the item
             * @enum {string}
             */
            kind: "post" | "comment" | "task" | "project";
            /**
             * @description The id of the post, comment, task or project
             * @example 1
             */
            id: number;
            /** @description The title of the post, the beginning of the comment, the summary of the task, or the name of the project */
            title: string;
            /** @description The author, or the owner of the task or project; null if the user was deleted */
            author: components["schemas"]["Author"] | null;
            /**
             * Format: date-time
             * @description When the item was moved to the trash
             * @example 2026-01-31T09:30:00.000Z
             */
            deleted_at: string;
            /** @description The user who moved the item to the trash; null if that user was deleted */
            deleted_by: components["schemas"]["Author"] | null;
            /**
             * Format: date-time
             * @description When the item will be purged
             * @example 2026-01-31T09:30:00.000Z
             */
            expires_at: string;
        };
        /**
         * TrashPage
         * @description One page of items in the trash
         * @example {
         *       "items": [
         *         {
         *           "kind": "post",
         *           "id": 1,
         *           "title": "Pooling connections",
         *           "author": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "deleted_at": "2026-01-31T09:30:00.000Z",
         *           "deleted_by": {
         *             "id": 1,
         *             "username": "alice",
         *             "nickname": "Alice",
         *             "avatar_url": null
         *           },
         *           "expires_at": "2026-03-02T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        TrashPage: {
            /** @description The items of this page, in sort order */
            items: components["schemas"]["TrashItem"][];
            /** @description The total number of items; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * Address
         * @description A postal address
         * @example {
         *       "street": "Main St 123",
         *       "city": "Shenzhen",
         *       "zipcode": "518000"
         *     }
         */
        Address: {
            /** @description Street and number */
            street: string;
            /** @description City */
            city: string;
            /**
             * @description Postal code
             * @default null
             */
            zipcode?: string | null;
        };
        /**
         * Invitation
         * @description An invitation to choose a password
         * @example {
         *       "status": "mailed",
         *       "token": null,
         *       "link": null,
         *       "expires_at": "2026-02-07T09:30:00.000Z"
         *     }
         */
        Invitation: {
            /**
             * @description `mailed` if the invitation is sent to the email address of the user; `returned` if this response has it, because the service sends no mail or the user has no address
             * @enum {string}
             */
            status: "mailed" | "returned";
            /** @description The token for `POST /api/v1/auth/reset-password`, shown only once; null if it was mailed */
            token: string | null;
            /** @description The page of the client application that takes the token; null if the invitation was mailed, or without `CLIENT_URL` */
            link: string | null;
            /**
             * Format: date-time
             * @description When the invitation expires
             * @example 2026-01-31T09:30:00.000Z
             */
            expires_at: string;
        };
        /**
         * ProfileUpdate
         * @description The profile fields to change. Omitted fields keep their values.
         * @example {
         *       "nickname": "Johnny",
         *       "bio": "I write."
         *     }
         */
        ProfileUpdate: {
            /**
             * @description The display name
             * @example Alice
             */
            nickname?: string;
            /** @description A short biography */
            bio?: string;
            /**
             * @description The URL of the profile picture (http or https)
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description The age in years
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free-form tags
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags?: string[];
            /** @description The postal address */
            address?: components["schemas"]["Address"] | null;
        };
        /**
         * User
         * @description A user with all fields, visible to administrators and to the user
         * @example {
         *       "id": 1,
         *       "username": "alice",
         *       "nickname": "Alice",
         *       "bio": "",
         *       "avatar_url": null,
         *       "tags": [
         *         "staff"
         *       ],
         *       "created_at": "2026-01-31T09:30:00.000Z",
         *       "email": "alice@example.com",
         *       "age": 30,
         *       "address": {
         *         "street": "Main St 123",
         *         "city": "Shenzhen",
         *         "zipcode": "518000"
         *       },
         *       "email_verified_at": null,
         *       "role": "author",
         *       "permissions": 7,
         *       "is_active": true,
         *       "updated_at": "2026-01-31T09:30:00.000Z",
         *       "last_login_at": null
         *     }
         */
        User: {
            /**
             * @description The id of the user
             * @example 1
             */
            id: number;
            /**
             * @description The name to sign in with; unique, ignoring case
             * @example alice
             */
            username: string;
            /**
             * @description The display name
             * @example Alice
             */
            nickname: string;
            /** @description A short biography */
            bio: string;
            /**
             * @description The URL of the profile picture (http or https)
             * @example https://example.com/alice.png
             */
            avatar_url: string | null;
            /**
             * @description Free-form tags
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags: string[];
            /** @description True if `bio`, `tags` and `address` were left out because the response would have more than 1,000,000 bytes; absent otherwise. A smaller page has them. */
            is_truncated?: boolean;
            /**
             * Format: date-time
             * @description When the user was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * @description The email address; unique, ignoring case and Unicode normalization
             * @example alice@example.com
             */
            email: string | null;
            /**
             * @description The age in years
             * @example 30
             */
            age: number | null;
            /** @description The postal address */
            address: components["schemas"]["Address"] | null;
            /** @description When the email address was confirmed; null if it was not */
            email_verified_at: string | null;
            /**
             * @description The role that `permissions` corresponds to; `custom` if there is none
             * @example author
             * @enum {string}
             */
            role: "guest" | "author" | "editor" | "admin" | "custom";
            /**
             * @description The permission mask: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128
             * @example 7
             */
            permissions: number;
            /** @description Whether the user may sign in */
            is_active: boolean;
            /**
             * Format: date-time
             * @description When the user was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description When the user last signed in; null if never. Signing in does not change the `ETag` of your own account. */
            last_login_at: string | null;
        };
        /**
         * UserBulkCreated
         * @description The result of creating users in bulk
         * @example {
         *       "created": 2,
         *       "ids": [
         *         17,
         *         18
         *       ]
         *     }
         */
        UserBulkCreated: {
            /** @description The number of users that were created */
            created: number;
            /** @description The ids of the users, in the order of the request */
            ids: number[];
        };
        /**
         * UserBulkItem
         * @description One of the users to create in bulk, without a password
         * @example {
         *       "username": "omar",
         *       "email": "omar@example.com"
         *     }
         */
        UserBulkItem: {
            /**
             * @description The name to sign in with; unique, ignoring case
             * @example alice
             */
            username: string;
            /**
             * @description The email address; unique, ignoring case and Unicode normalization
             * @default null
             * @example alice@example.com
             */
            email?: string | null;
            /**
             * @description The display name
             * @default
             * @example Alice
             */
            nickname?: string;
            /**
             * @description A short biography
             * @default
             */
            bio?: string;
            /**
             * @description The URL of the profile picture (http or https)
             * @default null
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description The age in years
             * @default null
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free-form tags
             * @default []
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags?: string[];
            /**
             * @description The postal address
             * @default null
             */
            address?: components["schemas"]["Address"] | null;
            /**
             * @description Whether the user may sign in
             * @default true
             */
            is_active?: boolean;
            /**
             * @description The role of the user
             * @default author
             * @enum {string}
             */
            role?: "guest" | "author" | "editor" | "admin";
        };
        /**
         * UserCreate
         * @description The user to create
         * @example {
         *       "username": "john",
         *       "email": "john@example.com",
         *       "age": 30,
         *       "tags": [
         *         "staff"
         *       ],
         *       "address": {
         *         "street": "Main St 123",
         *         "city": "Shenzhen"
         *       },
         *       "role": "editor"
         *     }
         */
        UserCreate: {
            /**
             * @description The name to sign in with; unique, ignoring case
             * @example alice
             */
            username: string;
            /**
             * @description The email address; unique, ignoring case and Unicode normalization
             * @default null
             * @example alice@example.com
             */
            email?: string | null;
            /**
             * @description The display name
             * @default
             * @example Alice
             */
            nickname?: string;
            /**
             * @description A short biography
             * @default
             */
            bio?: string;
            /**
             * @description The URL of the profile picture (http or https)
             * @default null
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description The age in years
             * @default null
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free-form tags
             * @default []
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags?: string[];
            /**
             * @description The postal address
             * @default null
             */
            address?: components["schemas"]["Address"] | null;
            /**
             * @description Whether the user may sign in
             * @default true
             */
            is_active?: boolean;
            /**
             * @description The role of the user
             * @default author
             * @enum {string}
             */
            role?: "guest" | "author" | "editor" | "admin";
            /**
             * Format: password
             * @description The password; without one, the user cannot sign in until invited. It must contain an upper-case letter, a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}|;:,.<>?`. It must not be one of the 10,000 most common passwords, with or without digits, symbols and substitutes such as `0` for `o`, and not contain your username, display name or email address.
             * @example Correct-Horse-9
             */
            password?: string;
        };
        /**
         * UserPage
         * @description One page of users
         * @example {
         *       "items": [
         *         {
         *           "id": 1,
         *           "username": "alice",
         *           "nickname": "Alice",
         *           "bio": "",
         *           "avatar_url": null,
         *           "tags": [
         *             "staff"
         *           ],
         *           "created_at": "2026-01-31T09:30:00.000Z"
         *         }
         *       ],
         *       "total": 1,
         *       "page": 1,
         *       "size": 10,
         *       "pages": 1,
         *       "has_next": false,
         *       "has_prev": false,
         *       "next_cursor": null
         *     }
         */
        UserPage: {
            /** @description The items of this page, in sort order */
            items: (components["schemas"]["User"] | components["schemas"]["UserPublic"])[];
            /** @description The total number of items, with `q` at most 1000; null beyond 10,000, and with a cursor */
            total: number | null;
            /** @description The number of this page; null with a cursor */
            page: number | null;
            /** @description The maximum number of items per page */
            size: number;
            /** @description The total number of pages; null if `total` is null */
            pages: number | null;
            /** @description Whether there are items after this page */
            has_next: boolean;
            /** @description Whether there are items before this page */
            has_prev: boolean;
            /** @description The cursor of the next page; null if there is none */
            next_cursor: string | null;
        };
        /**
         * UserPublic
         * @description The public fields of a user
         * @example {
         *       "id": 1,
         *       "username": "alice",
         *       "nickname": "Alice",
         *       "bio": "",
         *       "avatar_url": null,
         *       "tags": [
         *         "staff"
         *       ],
         *       "created_at": "2026-01-31T09:30:00.000Z"
         *     }
         */
        UserPublic: {
            /**
             * @description The id of the user
             * @example 1
             */
            id: number;
            /**
             * @description The name to sign in with; unique, ignoring case
             * @example alice
             */
            username: string;
            /**
             * @description The display name
             * @example Alice
             */
            nickname: string;
            /** @description A short biography */
            bio: string;
            /**
             * @description The URL of the profile picture (http or https)
             * @example https://example.com/alice.png
             */
            avatar_url: string | null;
            /**
             * @description Free-form tags
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags: string[];
            /** @description True if `bio`, `tags` and `address` were left out because the response would have more than 1,000,000 bytes; absent otherwise. A smaller page has them. */
            is_truncated?: boolean;
            /**
             * Format: date-time
             * @description When the user was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
        };
        /**
         * UserReplace
         * @description The new state of the user. Omitted fields are reset to their defaults; the role is kept.
         * @example {
         *       "username": "alicia",
         *       "email": "alicia@example.com",
         *       "age": 30,
         *       "tags": [
         *         "staff"
         *       ],
         *       "address": {
         *         "street": "Main St 123",
         *         "city": "Shenzhen"
         *       }
         *     }
         */
        UserReplace: {
            /**
             * @description The name to sign in with; unique, ignoring case
             * @example alice
             */
            username: string;
            /**
             * @description The email address; unique, ignoring case and Unicode normalization
             * @default null
             * @example alice@example.com
             */
            email?: string | null;
            /**
             * @description The display name
             * @default
             * @example Alice
             */
            nickname?: string;
            /**
             * @description A short biography
             * @default
             */
            bio?: string;
            /**
             * @description The URL of the profile picture (http or https)
             * @default null
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description The age in years
             * @default null
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free-form tags
             * @default []
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags?: string[];
            /**
             * @description The postal address
             * @default null
             */
            address?: components["schemas"]["Address"] | null;
            /**
             * @description Whether the user may sign in
             * @default true
             */
            is_active?: boolean;
        };
        /**
         * UserUpdate
         * @description The fields to change. Omitted fields keep their values.
         * @example {
         *       "nickname": "Johnny",
         *       "tags": [
         *         "staff",
         *         "beta"
         *       ]
         *     }
         */
        UserUpdate: {
            /**
             * @description The display name
             * @example Alice
             */
            nickname?: string;
            /** @description A short biography */
            bio?: string;
            /**
             * @description The URL of the profile picture (http or https)
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description The age in years
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free-form tags
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags?: string[];
            /** @description The postal address */
            address?: components["schemas"]["Address"] | null;
            /**
             * @description The name to sign in with; unique, ignoring case
             * @example alice
             */
            username?: string;
            /**
             * @description The email address; unique, ignoring case and Unicode normalization
             * @example alice@example.com
             */
            email?: string | null;
            /** @description Whether the user may sign in */
            is_active?: boolean;
        };
    };
    responses: {
        /** @description Too many requests */
        TooManyRequests: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Internal error */
        InternalServerError: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Temporarily unavailable */
        ServiceUnavailable: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Validation Error */
        UnprocessableEntity: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["HTTPValidationError"];
            };
        };
        /** @description The path or body cannot be parsed, or the operation is impossible */
        BadRequest: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Not authenticated, or invalid credentials */
        Unauthorized: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The request body is too large */
        PayloadTooLarge: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Not allowed */
        Forbidden: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                "WWW-Authenticate": components["headers"]["Optional-WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Conflict with the current state */
        Conflict: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                "Retry-After": components["headers"]["Optional-Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The resource has changed since it was read */
        PreconditionFailed: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Not found */
        NotFound: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The upstream gave no usable response */
        BadGateway: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The upstream did not respond in time */
        GatewayTimeout: {
            headers: {
                "X-Request-ID": components["headers"]["X-Request-ID"];
                "X-Response-Time": components["headers"]["X-Response-Time"];
                "Cache-Control": components["headers"]["Cache-Control"];
                "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                "X-RateLimit-Limit": components["headers"]["Optional-X-RateLimit-Limit"];
                "X-RateLimit-Remaining": components["headers"]["Optional-X-RateLimit-Remaining"];
                "X-RateLimit-Reset": components["headers"]["Optional-X-RateLimit-Reset"];
                "Content-Language": components["headers"]["Content-Language"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /**
         * @description The id of the request in the server log: the one that the client sent, or a generated UUID
         * @example 5b9a1c1e-0f5c-4a53-8f0e-5d3c7d1a2b3c
         */
        "X-Request-ID": string;
        /**
         * @description The processing time, in seconds
         * @example 0.0042s
         */
        "X-Response-Time": string;
        /**
         * @description Whether the response may be cached: `no-store` forbids it; `no-cache` requires revalidation with the `ETag` before each use; `public` includes shared caches
         * @example no-store
         */
        "Cache-Control": string;
        /**
         * @description A cookie to set, renew or clear. The header is repeated for several cookies.
         * @example althing_session=abc.def; Path=/; HttpOnly; SameSite=Lax
         */
        "Optional-Set-Cookie": string;
        /**
         * @description The number of requests allowed per window
         * @example 600
         */
        "X-RateLimit-Limit": number;
        /**
         * @description The number of requests left in the current window
         * @example 599
         */
        "X-RateLimit-Remaining": number;
        /**
         * @description The number of seconds until the next window begins
         * @example 60
         */
        "X-RateLimit-Reset": number;
        /**
         * @description The number of requests allowed per window
         * @example 600
         */
        "Optional-X-RateLimit-Limit": number;
        /**
         * @description The number of requests left in the current window
         * @example 599
         */
        "Optional-X-RateLimit-Remaining": number;
        /**
         * @description The number of seconds until the next window begins
         * @example 60
         */
        "Optional-X-RateLimit-Reset": number;
        /**
         * @description The language of the messages, selected by `Accept-Language`
         * @example en
         */
        "Content-Language": string;
        /**
         * @description The number of seconds to wait before retrying
         * @example 2
         */
        "Retry-After": number;
        /**
         * @description The version of the resource (RFC 9110, section 8.8.3), to send back as `If-None-Match` or `If-Match`
         * @example "3-full"
         */
        ETag: string;
        /**
         * @description Whether the response came from the cache (`hit`) or was read for this request (`miss`)
         * @example hit
         */
        "X-Cache": "hit" | "miss";
        /**
         * @description A cookie to set, renew or clear. The header is repeated for several cookies.
         * @example althing_session=abc.def; Path=/; HttpOnly; SameSite=Lax
         */
        "Set-Cookie": string;
        /**
         * @description The authentication scheme to use (RFC 9110, section 11.6.1)
         * @example Bearer
         */
        "WWW-Authenticate": string;
        /**
         * @description The authentication scheme to use (RFC 9110, section 11.6.1)
         * @example Bearer
         */
        "Optional-WWW-Authenticate": string;
        /**
         * @description The number of seconds to wait before retrying
         * @example 2
         */
        "Optional-Retry-After": number;
        /**
         * @description Links to the first, previous, next and last page, if they exist (RFC 8288)
         * @example </api/v1/users?page=1>; rel="first", </api/v1/users?page=2>; rel="next"
         */
        Link: string;
        /**
         * @description Marks the stored response to an earlier request with the same `Idempotency-Key`
         * @example true
         */
        "Optional-Idempotent-Replayed": "true";
        /**
         * @description The URL of the created resource or the redirect target, relative to the host
         * @example /api/v1/users/7
         */
        Location: string;
        /**
         * @description Marks the response as a file to save, and names it (RFC 6266)
         * @example attachment; filename=users.csv
         */
        "Content-Disposition": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process is running */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process and its database are ready for requests */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "status-text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The service is running */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api-versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The versions of this API */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiVersions"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    welcome: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A greeting, with the version of the service */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Welcome"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The status and version of the service */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "feed-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The feed */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/atom+xml": string;
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "auth-login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description The session was started */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginStatus"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "auth-logout": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session was ended */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogoutStatus"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "auth-session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether the caller is signed in, and as which user */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionStatus"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "auth-csrf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A CSRF token, valid for the current session */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CsrfToken"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "passwords-check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordCheck"];
            };
        };
        responses: {
            /** @description The result of checking a password against the rules */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Content-Language": components["headers"]["Content-Language"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordStrength"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "passwords-change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description The password was changed */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordStatus"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "passwords-forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailAddress"];
            };
        };
        responses: {
            /** @description The request was accepted */
            202: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailRequested"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "passwords-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description The password was changed */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordStatus"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "registrations-create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description A mail is on its way */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegistrationStatus"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "registrations-resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailAddress"];
            };
        };
        responses: {
            /** @description The request was accepted */
            202: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailRequested"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "emails-confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailConfirmation"];
            };
        };
        responses: {
            /** @description The email address was confirmed */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailConfirmed"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "emails-change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailChange"];
            };
        };
        responses: {
            /** @description The request was accepted */
            202: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailRequested"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tokens-create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description An access token and a refresh token */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPair"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tokens-refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRefresh"];
            };
        };
        responses: {
            /** @description An access token and a refresh token */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPair"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tokens-revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["TokenRevocation"];
            };
        };
        responses: {
            /** @description The token is no longer valid */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevocationStatus"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "me-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A user with all fields, visible to administrators and to the user */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "me-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountDeletion"];
            };
        };
        responses: {
            /** @description The account was deleted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "me-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileUpdate"];
            };
        };
        responses: {
            /** @description A user with all fields, visible to administrators and to the user */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "sessions-list": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "last_seen_at" | "-last_seen_at" | "created_at" | "-created_at" | "id" | "-id";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of sessions */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "sessions-end-others": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result of ending sessions */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsEnded"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "sessions-end": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the session
                 * @example 1001
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session was ended */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api-keys-list": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "id" | "-id" | "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of API keys */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api-keys-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyCreate"];
            };
        };
        responses: {
            /** @description The API key was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyCreated"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api-keys-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the API key
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The API key was deleted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-list": {
        parameters: {
            query?: {
                /** @description Filter by username or nickname (for administrators also email address) containing this text, ignoring case. At most 1000 matches are counted, and pages by number end there; pages by cursor reach all of them. */
                q?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "id" | "-id" | "username" | "-username" | "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of users */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserCreate"];
            };
        };
        responses: {
            /** @description The user was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the user
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All fields for administrators and the user; the public fields for everyone else */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"] | components["schemas"]["UserPublic"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-replace": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the user
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserReplace"];
            };
        };
        responses: {
            /** @description A user with all fields, visible to administrators and to the user */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the user
                 * @example 16
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user was deleted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the user
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserUpdate"];
            };
        };
        responses: {
            /** @description A user with all fields, visible to administrators and to the user */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-bulk-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The users to create. Either all of them are created or none. */
        requestBody: {
            content: {
                /**
                 * @example [
                 *       {
                 *         "username": "nina"
                 *       },
                 *       {
                 *         "username": "omar",
                 *         "email": "omar@example.com"
                 *       }
                 *     ]
                 */
                "application/json": components["schemas"]["UserBulkItem"][];
            };
        };
        responses: {
            /** @description The users were created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserBulkCreated"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-assign-role": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the user
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleAssignment"];
            };
        };
        responses: {
            /** @description A user with all fields, visible to administrators and to the user */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-invite": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the user
                 * @example 15
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user was invited */
            202: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-export-json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All users */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": (components["schemas"]["User"] | components["schemas"]["UserPublic"])[];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users-export-csv": {
        parameters: {
            query?: {
                /** @description Whether to begin with a byte order mark, which Excel needs to read UTF-8 */
                bom?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All users */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-list": {
        parameters: {
            query?: {
                /** @description Filter by full-text search, with the syntax of `GET /api/v1/search`. At most 1000 matches are counted, and pages by number end there; pages by cursor reach all of them. */
                q?: string;
                /** @description Filter by the slug of a tag */
                tag?: string;
                /** @description Filter by the slug of a category */
                category?: string;
                /** @description Filter by the username of the author */
                author?: string;
                /** @description Filter by the month of publication (UTC) */
                month?: string;
                /** @description Filter by status. `draft` lists your own drafts, or all drafts if you are an editor. */
                status?: "draft" | "published";
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order: by publication time (`newest`, `oldest`), by views, most first (`popular`), or by title */
                sort?: "newest" | "oldest" | "popular" | "title";
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostPage"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostCreate"];
            };
        };
        responses: {
            /** @description The post was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A post with its text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-replace": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostReplace"];
            };
        };
        responses: {
            /** @description A post with its text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 4
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The post was moved to the trash */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostUpdate"];
            };
        };
        responses: {
            /** @description A post with its text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-read-by-slug": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The slug of the post, or a former one under which it was published
                 * @example advanced-search
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A post with its text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description The post has a new slug */
            301: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-publish": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 5
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A post with its text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-unpublish": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 5
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A post with its text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-popular": {
        parameters: {
            query?: {
                /** @description The maximum number of items */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The most viewed posts, most viewed first */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PopularPosts"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-archives": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The months in which posts were published, newest first; 1,200 at most */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostArchives"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-by-author": {
        parameters: {
            query?: {
                /** @description The maximum number of items */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The authors with the most published posts, highest number first */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostsByAuthor"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-by-tag": {
        parameters: {
            query?: {
                /** @description The maximum number of items */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tags with the most published posts, highest number first */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostsByTag"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "trash-list": {
        parameters: {
            query?: {
                /** @description The type of the item */
                kind?: "post" | "comment" | "task" | "project";
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "deleted_at" | "-deleted_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of items in the trash */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrashPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "trash-restore": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The type of the item
                 * @example post
                 */
                kind: "post" | "comment" | "task" | "project";
                /**
                 * @description The id of the post, comment, task or project
                 * @example 4
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The post, comment, task or project was restored */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "trash-purge": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The type of the item
                 * @example comment
                 */
                kind: "post" | "comment" | "task" | "project";
                /**
                 * @description The id of the post, comment, task or project
                 * @example 3
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The post, comment, task or project was purged */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "categories-list": {
        parameters: {
            query?: {
                /** @description Filter by names that contain this text, ignoring case. At most 1000 matches are counted, and pages by number end there; pages by cursor reach all of them. */
                q?: string;
                /** @description Filter by the exact slug */
                slug?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "name" | "-name" | "created_at" | "-created_at" | "post_count" | "-post_count";
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of categories */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CategoryPage"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "categories-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CategoryCreate"];
            };
        };
        responses: {
            /** @description The category was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Category"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "categories-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A category of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Category"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "categories-replace": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CategoryReplace"];
            };
        };
        responses: {
            /** @description A category of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Category"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "categories-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 2
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The category was deleted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "categories-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CategoryUpdate"];
            };
        };
        responses: {
            /** @description A category of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Category"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "categories-posts": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order: by publication time (`newest`, `oldest`), by views, most first (`popular`), or by title */
                sort?: "newest" | "oldest" | "popular" | "title";
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The slug of the category or tag
                 * @example guides
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostPage"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tags-list": {
        parameters: {
            query?: {
                /** @description Filter by names that contain this text, ignoring case. At most 1000 matches are counted, and pages by number end there; pages by cursor reach all of them. */
                q?: string;
                /** @description Filter by the exact slug */
                slug?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "name" | "-name" | "created_at" | "-created_at" | "post_count" | "-post_count";
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tags */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TagPage"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tags-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagCreate"];
            };
        };
        responses: {
            /** @description The tag was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tag"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tags-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A tag of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tag"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tags-replace": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagReplace"];
            };
        };
        responses: {
            /** @description A tag of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tag"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tags-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 6
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tag was deleted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tags-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the category or tag
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagUpdate"];
            };
        };
        responses: {
            /** @description A tag of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tag"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tags-posts": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order: by publication time (`newest`, `oldest`), by views, most first (`popular`), or by title */
                sort?: "newest" | "oldest" | "popular" | "title";
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The slug of the category or tag
                 * @example postgres
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostPage"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "post-comments-list": {
        parameters: {
            query?: {
                /** @description `tree` nests replies in the comment that they reply to; `flat` lists all comments in reading order, with `parent_id` and `depth` */
                form?: "tree" | "flat";
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of comments with their replies. `size` and `total` count only the first level, not the replies beneath it. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommentNodePage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "post-comments-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommentCreate"];
            };
        };
        responses: {
            /** @description The comment was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "post-comments-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the comment
                 * @example 1
                 */
                comment_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A comment on a post */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-list": {
        parameters: {
            query?: {
                /** @description Filter by approval */
                is_approved?: boolean;
                /** @description Filter by rejection. `is_approved=false&is_rejected=false` finds the pending comments. */
                is_rejected?: boolean;
                /** @description Filter by the id of the post */
                post_id?: number;
                /** @description Filter by the username of the author */
                author?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of comments */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommentPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the comment
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A comment on a post */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the comment
                 * @example 3
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The comment was moved to the trash */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the comment
                 * @example 6
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommentUpdate"];
            };
        };
        responses: {
            /** @description A comment on a post */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-list-replies": {
        parameters: {
            query?: {
                /** @description `tree` nests replies in the comment that they reply to; `flat` lists all comments in reading order, with `parent_id` and `depth` */
                form?: "tree" | "flat";
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the comment
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of comments with their replies. `size` and `total` count only the first level, not the replies beneath it. */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommentNodePage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-approve": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the comment
                 * @example 4
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A comment on a post */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-reject": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the comment
                 * @example 4
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A comment on a post */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "comments-moderate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommentModeration"];
            };
        };
        responses: {
            /** @description The result of moderating comments in bulk */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommentsModerated"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-list": {
        parameters: {
            query?: {
                /** @description Filter by names that contain this text, ignoring case */
                q?: string;
                /** @description Filter by whether the project is archived */
                archived?: boolean;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "name" | "-name" | "created_at" | "-created_at" | "updated_at" | "-updated_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of projects */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectCreate"];
            };
        };
        responses: {
            /** @description The project was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-read-by-key": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
                 * @example WEB
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A project that you are a member of */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description The project has another key by now */
            301: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A project that you are a member of */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 3
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The project was moved to the trash */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectUpdate"];
            };
        };
        responses: {
            /** @description A project that you are a member of */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-archive": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 2
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A project that you are a member of */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-unarchive": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 2
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A project that you are a member of */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-board": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The board of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-read-by-number": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The prefix of task numbers, as `WEB` in `WEB-12`. A key that was used is not free.
                 * @example WEB
                 */
                key: string;
                /**
                 * @description The number of the task
                 * @example 1
                 */
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            /** @description The project has another key by now */
            301: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-list": {
        parameters: {
            query?: {
                /** @description Filter by summaries that contain this text, ignoring case */
                q?: string;
                /** @description The status, which is a column of the board */
                status?: "todo" | "in_progress" | "review" | "done" | "cancelled";
                /** @description Only tasks of this member */
                assignee_id?: number;
                /** @description Only tasks with this label */
                label_id?: number;
                /** @description The priority */
                priority?: "low" | "normal" | "high" | "urgent";
                /** @description Only tasks that are due on this day or later */
                due_from?: string;
                /** @description Only tasks that are due on this day or earlier */
                due_to?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "position" | "-position" | "number" | "-number" | "created_at" | "-created_at" | "updated_at" | "-updated_at" | "due_on" | "-due_on" | "priority" | "-priority";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tasks */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTaskPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectTaskCreate"];
            };
        };
        responses: {
            /** @description The task was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 9
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task was moved to the trash */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectTaskUpdate"];
            };
        };
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-history": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of changes of a resource, newest first */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-transition": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 7
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskTransition"];
            };
        };
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-move": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 8
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskMove"];
            };
        };
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-bulk": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectTasksBulk"];
            };
        };
        responses: {
            /** @description The changed tasks */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTasksChanged"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-add-item": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChecklistItemCreate"];
            };
        };
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-remove-item": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
                /**
                 * @description The id of the item
                 * @example 2
                 */
                item_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-change-item": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
                /**
                 * @description The id of the item
                 * @example 1
                 */
                item_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChecklistItemUpdate"];
            };
        };
        responses: {
            /** @description A task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectTask"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-comments-list": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of comments on a task */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskCommentPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-comments-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskCommentCreate"];
            };
        };
        responses: {
            /** @description The comment was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskComment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-comments-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
                /**
                 * @description The id of the comment
                 * @example 1
                 */
                comment_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A comment on a task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskComment"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-comments-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
                /**
                 * @description The id of the comment
                 * @example 2
                 */
                comment_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The comment was deleted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-comments-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
                /**
                 * @description The id of the comment
                 * @example 1
                 */
                comment_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskCommentUpdate"];
            };
        };
        responses: {
            /** @description A comment on a task of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskComment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-watchers-list": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of watchers */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskWatcherPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-watchers-watch": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You watch the task */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-watchers-unwatch": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You do not watch the task */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-relations-list": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All relations of a task */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskRelations"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-relations-add": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
                /**
                 * @description The kind: a task `blocks` another, `relates` to it (which goes both ways), `duplicates` it, or is a `subtask` of it
                 * @example blocks
                 */
                kind: "blocks" | "relates" | "duplicates" | "subtask";
                /**
                 * @description The id of the other task
                 * @example 8
                 */
                other_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tasks are related */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-relations-remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 10
                 */
                task_id: number;
                /**
                 * @description The kind: a task `blocks` another, `relates` to it (which goes both ways), `duplicates` it, or is a `subtask` of it
                 * @example relates
                 */
                kind: "blocks" | "relates" | "duplicates" | "subtask";
                /**
                 * @description The id of the other task
                 * @example 11
                 */
                other_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The relation was removed */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-list-labels": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "name" | "-name" | "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of labels */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectLabelPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-create-label": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectLabelCreate"];
            };
        };
        responses: {
            /** @description The label was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectLabel"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-read-label": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the label
                 * @example 1
                 */
                label_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A label for tasks of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectLabel"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-delete-label": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the label
                 * @example 2
                 */
                label_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The label was deleted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-update-label": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the label
                 * @example 1
                 */
                label_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectLabelUpdate"];
            };
        };
        responses: {
            /** @description A label for tasks of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectLabel"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-list-members": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "joined_at" | "-joined_at";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of members */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectMemberPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-remove-member": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the user
                 * @example 3
                 */
                user_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is no longer a member */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-change-member": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the user
                 * @example 2
                 */
                user_id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectMemberChange"];
            };
        };
        responses: {
            /** @description A member of a project */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectMember"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-list-invitations": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of invitations */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInvitationPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-invite": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectInvitationCreate"];
            };
        };
        responses: {
            /** @description The invitation was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInvitation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-withdraw-invitation": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the invitation
                 * @example 3
                 */
                invitation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation was withdrawn */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "project-tasks-list-mine": {
        parameters: {
            query?: {
                /** @description Which tasks: `assigned` to you, or of these `due` within `days`, or `overdue`; or `watched` by you */
                view?: "assigned" | "due" | "overdue" | "watched";
                /** @description For `due`: the number of days from now within which a task is due */
                days?: number;
                /** @description Only tasks of this status; if omitted, all that are not done or cancelled */
                status?: "todo" | "in_progress" | "review" | "done" | "cancelled";
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "due_at" | "-due_at" | "updated_at" | "-updated_at" | "priority" | "-priority";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tasks */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyTaskPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "calendars-read-mine": {
        parameters: {
            query?: {
                /** @description Your calendar token, for programs that can send neither headers nor cookies. It takes the place of any other credential. */
                token?: string;
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The calendar */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "text/calendar": string;
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "calendars-read-project": {
        parameters: {
            query?: {
                /** @description Your calendar token, for programs that can send neither headers nor cookies. It takes the place of any other credential. */
                token?: string;
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The calendar */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "text/calendar": string;
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "calendar-tokens-read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your calendar token without its secret, of which only a hash is stored */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalendarToken"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "calendar-tokens-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The calendar token was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalendarTokenCreated"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "calendar-tokens-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description You have no calendar token any more */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-list-my-invitations": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of invitations */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInvitationPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-accept-invitation": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the invitation
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A project that you are a member of */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-accept-invitation-by-token": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectInvitationToken"];
            };
        };
        responses: {
            /** @description A project that you are a member of */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-decline-invitation": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the invitation
                 * @example 2
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation was declined */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "notifications-list": {
        parameters: {
            query?: {
                /** @description Only unread ones (`true`), or only read ones (`false`) */
                unread?: boolean;
                /** @description Only notifications of this kind */
                kind?: "assigned" | "mentioned" | "commented" | "moved" | "due_soon" | "invited";
                /** @description Only notifications about the project with this id */
                project_id?: number;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of your notifications, newest first */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "notifications-count-unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many notifications are unread */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnreadCount"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "notifications-mark-several-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationSelection"];
            };
        };
        responses: {
            /** @description How many notifications were marked as read */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationsMarked"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "notifications-mark-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the notification
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification is read */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "notifications-mark-unread": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the notification
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification is unread */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "notification-settings-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Your notification settings */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationSettings"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "notification-settings-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotificationSettingsUpdate"];
            };
        };
        responses: {
            /** @description Your notification settings */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationSettings"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-read-mute": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether a project or task is muted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Mute"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-mute": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The project is muted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "projects-unmute": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The project is not muted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-mutes-read": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether a project or task is muted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Mute"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-mutes-mute": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task is muted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "task-mutes-unmute": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The id of the project
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the task
                 * @example 6
                 */
                task_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task is not muted */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-list": {
        parameters: {
            query?: {
                /** @description Filter by summaries that contain this text, ignoring case */
                q?: string;
                /** @description Filter by whether the task is done */
                completed?: boolean;
                /** @description Filter by priority */
                priority?: "low" | "normal" | "high" | "urgent";
                /** @description Only tasks that are due on this day or later */
                due_from?: string;
                /** @description Only tasks that are due on this day or earlier */
                due_to?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "created_at" | "-created_at" | "updated_at" | "-updated_at" | "due_on" | "-due_on" | "priority" | "-priority";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of tasks */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskCreate"];
            };
        };
        responses: {
            /** @description The task was created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many tasks you have, outside the trash */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskStatistics"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the task
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A personal task */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the task
                 * @example 2
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task was moved to the trash */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the task
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskUpdate"];
            };
        };
        responses: {
            /** @description A personal task */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-flip": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource when you read it. If the resource has changed since, nothing is written and the response is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The id of the task
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A personal task */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tasks-purge-completed": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How many completed tasks were deleted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TasksPurged"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "live-ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How to connect */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LiveDoor"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "live-events": {
        parameters: {
            query: {
                /**
                 * @description The topics, each as a parameter of its own
                 * @example [
                 *       "posts"
                 *     ]
                 */
                topics: string[];
                /** @description The id of the last event that you have: later ones of the topics are sent first */
                since?: number;
                /** @description Ends the stream after so many seconds; with 0, it contains only what you have missed */
                max_seconds?: number;
                /** @description A name of your choice for this client. It gets no events of changes that it makes with this name in `X-Client-ID`. */
                client_id?: string;
            };
            header?: {
                /** @description Sent by browsers when they reconnect; overrides `since` */
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles-list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All roles and all permissions */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    search: {
        parameters: {
            query: {
                /**
                 * @description The search text. All words must match, in any form (*running* finds *run*). Use "quotes" for a phrase, `-` to exclude a word, and `OR` between alternatives. Chinese needs no spaces. Every text is a valid query.
                 * @example connection pool -tasks
                 */
                q: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The sort order: best match, newest or most viewed first */
                sort?: "relevance" | "date" | "popular";
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of search results */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchPage"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "search-suggest": {
        parameters: {
            query: {
                /**
                 * @description The text typed so far
                 * @example sea
                 */
                q: string;
                /** @description The maximum number of suggestions */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Suggestions for completing a search */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Suggestions"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "search-tasks": {
        parameters: {
            query: {
                /**
                 * @description The search text. All words must match, in any form (*running* finds *run*). Use "quotes" for a phrase, `-` to exclude a word, and `OR` between alternatives. Chinese needs no spaces. Every text is a valid query.
                 * @example font OR icon
                 */
                q: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The sort order: best match or newest first */
                sort?: "relevance" | "newest";
                /** @description Only results of this project */
                project_id?: number;
                /** @description Only tasks of this status, and comments on them */
                status?: "todo" | "in_progress" | "review" | "done" | "cancelled";
                /** @description Only results of this type */
                type?: "task" | "task_comment";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of search results */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskSearchPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit-list": {
        parameters: {
            query?: {
                /** @description Filter by the id of the user who performed the action */
                actor_id?: number;
                /** @description Filter by action */
                action?: "user.create" | "user.change" | "user.delete" | "user.role" | "user.invite" | "account.register" | "account.verify" | "account.change" | "account.email" | "account.password" | "account.reset_password" | "account.accept_invitation" | "account.delete" | "account.sign_in_refused" | "account.password_refused" | "session.begin" | "session.end" | "session.end_others" | "token.reuse" | "api_key.create" | "api_key.delete" | "calendar_token.create" | "calendar_token.delete" | "post.create" | "post.change" | "post.publish" | "post.unpublish" | "post.delete" | "post.restore" | "post.purge" | "comment.change" | "comment.approve" | "comment.reject" | "comment.delete" | "comment.restore" | "comment.purge" | "category.create" | "category.change" | "category.delete" | "tag.create" | "tag.change" | "tag.delete" | "task.create" | "task.change" | "task.delete" | "task.restore" | "task.purge" | "task.transition" | "task.move" | "task.purge_completed" | "task.import" | "task.relate" | "task.unrelate" | "task_comment.change" | "task_comment.delete" | "label.create" | "label.change" | "label.delete" | "project.create" | "project.change" | "project.archive" | "project.unarchive" | "project.delete" | "project.restore" | "project.purge" | "project.join" | "project.leave" | "project.change_member" | "project.remove_member" | "project.invite" | "project.withdraw_invitation" | "notification_settings.change" | "job.retry" | "audit.trim";
                /** @description Filter by the type of the affected resource */
                resource?: string;
                /** @description Filter by the id of the affected resource. Combine with `resource`: ids are unique only within one type. */
                resource_id?: string;
                /** @description Filter by the `X-Request-ID` of the request */
                request_id?: string;
                /** @description Only actions at or after this timestamp; a repeated one counts by its last time */
                since?: string;
                /** @description Only actions before this timestamp; a repeated one counts by its first time */
                until?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "id" | "-id";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of audit log entries */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "jobs-list": {
        parameters: {
            query?: {
                /** @description Filter by state */
                state?: "waiting" | "running" | "failed";
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "id" | "-id";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of jobs */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "jobs-retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description The token from `GET /api/v1/auth/csrf`; required if the request is authenticated by the session cookie */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The id of the job
                 * @example 1001
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job is waiting to run */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "admin-database": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The database of the service */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatabaseInfo"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "admin-statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The number of stored resources */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceStatistics"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "v2-welcome": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A greeting, with the version of the service */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Welcome"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "v2-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The status and version of the service */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "v2-users-list": {
        parameters: {
            query?: {
                /** @description Filter by username or nickname (for administrators also email address) containing this text, ignoring case. At most 1000 matches are counted, and pages by number end there; pages by cursor reach all of them. */
                q?: string;
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order; a `-` prefix means descending */
                sort?: "id" | "-id" | "username" | "-username" | "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of users */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "v2-users-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the user
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All fields for administrators and the user; the public fields for everyone else */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"] | components["schemas"]["UserPublic"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "v2-articles-list": {
        parameters: {
            query?: {
                /** @description Filter by full-text search, with the syntax of `GET /api/v1/search`. At most 1000 matches are counted, and pages by number end there; pages by cursor reach all of them. */
                q?: string;
                /** @description Filter by the slug of a tag */
                tag?: string;
                /** @description Filter by the slug of a category */
                category?: string;
                /** @description Filter by the username of the author */
                author?: string;
                /** @description Filter by the month of publication (UTC) */
                month?: string;
                /** @description Filter by status. `draft` lists your own drafts, or all drafts if you are an editor. */
                status?: "draft" | "published";
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The `next_cursor` of the previous page, or empty to start. Pages by cursor neither repeat nor skip items while others are added, and do not count them. `page` is ignored; keep all other parameters the same. */
                cursor?: string;
                /** @description The sort order: by publication time (`newest`, `oldest`), by views, most first (`popular`), or by title */
                sort?: "newest" | "oldest" | "popular" | "title";
            };
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of posts */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostPage"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "v2-articles-read": {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of your cached copy. If it is still current, the response is 304 without a body. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A post with its text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description Your cached copy is still current */
            304: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    ETag: components["headers"]["ETag"];
                    "X-Cache": components["headers"]["X-Cache"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "dev-mail-list": {
        parameters: {
            query?: {
                /** @description The page number, starting at 1. A page after the last one is empty. */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of kept mails */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeptMailPage"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-sum": {
        parameters: {
            query?: {
                /** @description The last number to add */
                n?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sum of the numbers from 1 to n */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundSum"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-invoice": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The amount, greater than 0
                 * @example 99.95
                 */
                amount: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An amount from the path */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundInvoice"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-path": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The rest of the path. Slashes may be literal or encoded as `%2F`.
                 * @example reports/q4.pdf
                 */
                subpath: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rest of a path */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundPath"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-items": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A comma-separated list
                 * @example [
                 *       "apple",
                 *       "pear"
                 *     ]
                 */
                items: string[];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A list from the path */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundItems"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-version": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A version of the form `1.2.3`
                 * @example 1.2.3
                 */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A version from the path */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundVersion"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-choice": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description One of the allowed values
                 * @example about
                 */
                page: "about" | "contact" | "help";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An enum value from the path */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundChoice"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-uuid": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A UUID (RFC 9562)
                 * @example 3f2504e0-4f89-41d3-9a0c-0305e82c3301
                 */
                uid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A UUID from the path */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundUuid"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-item": {
        parameters: {
            query?: {
                /** @description Any text */
                q?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The id of the item
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Values from the path and the query */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundItem"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-comment": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the post
                 * @example 1
                 */
                id: number;
                /**
                 * @description The id of the comment
                 * @example 1
                 */
                cid: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Two ids from a nested path */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundComment"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-hello": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A greeting */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundHello"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-hello-name": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name to greet
                 * @example Ann
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A greeting */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundHello"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-query": {
        parameters: {
            query?: {
                /** @description A string with a default */
                q?: string;
                /** @description An integer from 1 (ge) to 1000 (le) */
                page?: number;
                /** @description A string that must match a pattern */
                sort?: string;
                /** @description A repeatable parameter: `tag=a&tag=b` */
                tag?: string[];
                /** @description A string of 3 to 10 characters, without a default */
                code?: string;
                /** @description A number greater than 0 (gt) and less than 1 (lt) */
                ratio?: number;
                /**
                 * @deprecated
                 * @description The former name of `q`, used if `q` is empty
                 */
                keyword?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The query as parsed */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundQuery"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-search": {
        parameters: {
            query: {
                /**
                 * @description The search text; required
                 * @example fastify
                 */
                q: string;
                /** @description The page number, starting at 1 */
                page?: number;
                /** @description The maximum number of items per page */
                size?: number;
                /** @description The sort order */
                sort?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The search query as parsed */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundSearch"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-greet": {
        parameters: {
            query: {
                /**
                 * @description The name to greet, in any script
                 * @example 张三
                 */
                user_name: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A greeting */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-context": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The context in which a handler runs */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundContext"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-inspect-get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request as received, with secrets redacted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundInspection"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-inspect-put": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/json": unknown;
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    [key: string]: string;
                };
                /** @example Hello, WSGI! */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The request as received, with secrets redacted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundInspection"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-inspect-post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/json": unknown;
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    [key: string]: string;
                };
                /** @example Hello, WSGI! */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The request as received, with secrets redacted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundInspection"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-inspect-delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request as received, with secrets redacted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundInspection"];
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-inspect-patch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/json": unknown;
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    [key: string]: string;
                };
                /** @example Hello, WSGI! */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The request as received, with secrets redacted */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundInspection"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-echo-get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request as plain text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-echo-put": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/json": unknown;
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    [key: string]: string;
                };
                /** @example Hello, WSGI! */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The request as plain text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-echo-post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/json": unknown;
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    [key: string]: string;
                };
                /** @example Hello, WSGI! */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The request as plain text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-echo-delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request as plain text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            413: components["responses"]["PayloadTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-echo-patch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/json": unknown;
                /**
                 * @example {
                 *       "action": "test",
                 *       "user": "alice"
                 *     }
                 */
                "application/x-www-form-urlencoded": {
                    [key: string]: string;
                };
                /** @example Hello, WSGI! */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The request as plain text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-headers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Information about the client, from its headers */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundHeaders"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-cookies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: {
                /** @description A cookie with any value */
                session_id?: string;
            };
        };
        requestBody?: never;
        responses: {
            /** @description The cookies of the request */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundCookies"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-form": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["PlaygroundFormInput"];
            };
        };
        responses: {
            /** @description The form as parsed */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundForm"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaygroundPerson"];
            };
        };
        responses: {
            /** @description The JSON as parsed: defaults filled in, unknown fields dropped */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundJson"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-users": {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request safe to retry. For 24 hours, a retry with the same key is not executed again but gets the first response, with `Idempotent-Replayed: true`. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaygroundUser"];
            };
        };
        responses: {
            /** @description The user, as it would have been created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Idempotent-Replayed": components["headers"]["Optional-Idempotent-Replayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundUserCreated"];
                };
            };
            400: components["responses"]["BadRequest"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-calc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["PlaygroundCalculation"];
            };
        };
        responses: {
            /** @description A calculation and its result */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            413: components["responses"]["PayloadTooLarge"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plain text */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-json": {
        parameters: {
            query?: {
                /** @description Whether to indent the JSON */
                pretty?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A sample JSON object */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundExample"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-custom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A response with status 201 */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    /** @description A non-standard header */
                    "X-Custom-Header"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundMessage"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-empty": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No content */
            204: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-cookie": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cookie was set */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-redirect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plain text, for clients that follow the redirect */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description A redirect to the plain text */
            302: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The content of the file */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-response-csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A table */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    "Content-Disposition": components["headers"]["Content-Disposition"];
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-async": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A message */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundMessage"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-error": {
        parameters: {
            query?: {
                /** @description The divisor of 1000; 0 makes the service fail */
                divisor?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The result of a division */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundQuotient"];
                };
            };
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "playground-upstream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The JSON response of the upstream, unchanged */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundUpstream"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            502: components["responses"]["BadGateway"];
            503: components["responses"]["ServiceUnavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    "playground-ws-echo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How to connect to the echo WebSocket */
            200: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaygroundWebSocket"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
}
