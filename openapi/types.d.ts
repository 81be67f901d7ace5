/**
 * The contract as types: written by `npm run openapi` from openapi.json, never by hand. With
 * openapi-fetch it makes a typed client: `createClient<paths>({ baseUrl })`.
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
         * Is the process alive?
         * @description Answers as long as the process runs, whatever the database does.
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
         * Can requests be served?
         * @description Asks the database. 503 while it does not answer or while the service is stopping.
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
         * The status in words
         * @description One line of plain text, for people and simple probes.
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
         * The versions of this API
         * @description Lists each version with the path under which it begins.
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
         * The front door of version 1
         * @description A greeting, and what answers it.
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
         * The status as JSON
         * @description Whether the service runs, and in which version.
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
         * @description The 20 newest published posts as an Atom feed (RFC 4287). Its links lead to the pages that people use, `posts/` and the slug below their address, or to this API where there are none. Posts have their text as long as the feed has no more than 100000 characters of it, and beyond that their summary alone.
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
         * @description Begins a session and sets its cookie. The answer is the same whether the user is unknown, may not sign in, or the password is wrong. After some failures, for one account or from one address, 429 says in `Retry-After` how many seconds to wait, and each further failure doubles them, up to 15 minutes. An `Idempotency-Key` is ignored here: signing in twice does no harm, and an answer that sets a cookie must not be kept.
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
         * @description Ends the session, if there is one, and clears its cookie.
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
         * Who am I?
         * @description Says whether the caller is signed in, and as whom.
         *
         *     **Key:** needs the scope `me:read`.
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
         * A CSRF token
         * @description The token that `X-CSRF-Token` has to carry with every POST, PUT, PATCH and DELETE of a session. It belongs to the session: after signing in, get a new one.
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
         * Judge a password
         * @description Says whether a password may be used, and if not, every rule that it breaks, in the language that `Accept-Language` asks for. Nothing of it is kept.
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
         * @description Wants the current password. All your other sign-ins end; API keys go on.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
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
         * Ask for a new password
         * @description Sends a token to the address, if it is that of somebody who may sign in. The answer is the same if it is not.
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
         * Set a new password by mail
         * @description Takes the token of a mail, which works once and for 30 minutes. All sign-ins end; API keys go on.
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
         * Register
         * @description Sends a token to the address; the account begins when `POST /api/v1/auth/verify-email` brings it back, and until then the username is kept free for a day. A username that is taken is refused with 409. Whether the address is known does not show: its owner is told by mail.
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
         * Send the confirmation again
         * @description Sends a new token to whoever has registered with this address and not confirmed it yet; the one before works no more. The answer is the same if there is nobody.
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
         * Confirm an e-mail address
         * @description Takes the token of a mail, which works once: it makes a user of whoever has registered, or gives a user the address that they wanted to change to.
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
         * Change your e-mail address
         * @description Sends a token to the new address, which is yours when `POST /api/v1/auth/verify-email` brings it back; the old one is told then. Whether somebody else has the address does not show.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
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
         * @description The token endpoint of OAuth 2.0 (RFC 6749, sections 4.3 and 6). A password begins a sign-in; a refresh token renews one, and is good for that once: use the new one from then on. Requests that run side by side may use the same one within 5 seconds; used again later, it has been stolen, and the whole sign-in ends. An `Authorization` header is ignored.
         */
        post: operations["tokens-create"];
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
         * @description Ends the sign-in to which a refresh token or an access token belongs, with all of its tokens (RFC 7009). The answer is the same for a token that is not known.
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
         * @description Your own account, with every field.
         *
         *     **Who:** anyone who has signed in. **Key:** needs the scope `me:read`.
         */
        get: operations["me-read"];
        put?: never;
        post?: never;
        /**
         * Delete your account
         * @description Deletes your account for good, and with it every sign-in, token and API key. The password proves that it is you. The last administrator stays.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
         */
        delete: operations["me-delete"];
        options?: never;
        head?: never;
        /**
         * Change your profile
         * @description Changes the fields that are given; what is left out stays.
         *
         *     **Who:** anyone who has signed in. **Key:** needs the scope `me:write`.
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
         * List your sign-ins
         * @description Every browser and client in which you are signed in at present, the one that was used last first. `current` marks the one that this request was made with.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
         */
        get: operations["sessions-list"];
        put?: never;
        post?: never;
        /**
         * End all other sign-ins
         * @description Ends every sign-in of yours but the one that this request is made with.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
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
         * End a sign-in
         * @description Ends one of your sign-ins, at once: its cookie or its tokens are worth nothing any more. Ending the current one is signing out.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
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
         * @description Your keys in pages, those that have expired too; never the keys themselves.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
         */
        get: operations["api-keys-list"];
        put?: never;
        /**
         * Create an API key
         * @description The key is shown in this answer and never again; only its hash is kept. It is good for its scopes, within what you may do yourself. Send it as `Authorization: Bearer …` or as `X-API-Key`. You may have up to 50 keys. An `Idempotency-Key` is ignored here: an answer that holds a secret must not be kept.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
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
         * @description The next request with the key is refused.
         *
         *     **Who:** anyone who has signed in. **Key:** none will do.
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
         * @description The users in pages, found by `q` and sorted by `sort`. Everyone sees the public fields of the active users; administrators see all of them whole.
         *
         *     **Key:** needs the scope `users:read`.
         */
        get: operations["users-list"];
        put?: never;
        /**
         * Create a user
         * @description A username or e-mail address that is taken, in any case, is refused with 409. The user has no password yet and cannot sign in.
         *
         *     **Who:** administrators. **Key:** needs the scope `users:write`.
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
         * @description One user: whole for administrators and the user, the public fields for others.
         *
         *     **Key:** needs the scope `users:read`.
         */
        get: operations["users-read"];
        /**
         * Replace a user
         * @description Writes the whole user; what is left out goes back to its default. The role stays as it is.
         *
         *     **Who:** administrators. **Key:** needs the scope `users:write`.
         */
        put: operations["users-replace"];
        post?: never;
        /**
         * Delete a user
         * @description Deletes the user and ends their sessions. The last administrator stays.
         *
         *     **Who:** administrators. **Key:** needs the scope `users:write`.
         */
        delete: operations["users-delete"];
        options?: never;
        head?: never;
        /**
         * Change a user
         * @description Changes the fields that are given; what is left out stays. Users change their own profile; username, e-mail address and `is_active` only administrators change. Whoever is switched off is signed out everywhere.
         *
         *     **Who:** whose it is, and administrators. **Key:** needs the scope `users:write`.
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
         * Create many users
         * @description Creates 1 to 1000 users in one statement: all of them, or, if one of them is not possible, none. The `loc` of each error has the index of the user that is to blame.
         *
         *     **Who:** administrators. **Key:** needs the scope `users:write`.
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
         * Give a user a role
         * @description Gives a role, or any mask of permissions. Nobody grants what they do not hold themselves, and the last administrator stays one.
         *
         *     **Who:** administrators. **Key:** needs the scope `users:write`.
         */
        put: operations["users-assign-role"];
        post?: never;
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
         * @description All users in one array. Administrators get all users whole; everyone else the public fields of the active ones. The users come by id, streamed, so their number does not matter.
         *
         *     **Key:** needs the scope `users:read`.
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
         * @description All users in a table with a header line; tags are joined by `;`, the address is JSON. Administrators get all users whole; everyone else the public fields of the active ones. The users come by id, streamed, so their number does not matter.
         *
         *     **Key:** needs the scope `users:read`.
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
         * @description Posts in pages, without their texts. Drafts are for their authors and for editors: ask for them with `status=draft`.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["posts-list"];
        put?: never;
        /**
         * Write a post
         * @description A post of your own, a draft unless `status` says otherwise.
         *
         *     **Who:** whoever has the permission CREATE (2). **Key:** needs the scope `posts:write`.
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
         * @description A post with its text. Somebody else's draft is not found. The `ETag` names what is shown: its first number is the version, and `If-Match` looks at that alone, so that neither a view nor a new name of the author gets in the way of a change.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["posts-read"];
        /**
         * Replace a post
         * @description Writes the whole post; what is left out goes back to its default, except the slug. Authors change their own posts, editors all. Whether it is published stays as it is.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `posts:write`.
         */
        put: operations["posts-replace"];
        post?: never;
        /**
         * Delete a post
         * @description Puts the post into the trash, from where it can be restored for 30 days. Authors delete their own posts, editors all.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `posts:write`.
         */
        delete: operations["posts-delete"];
        options?: never;
        head?: never;
        /**
         * Change a post
         * @description Changes the fields that are given; what is left out stays, and so does the status, for which there are `publish` and `unpublish`. Authors change their own posts, editors all.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `posts:write`.
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
         * Read a post by its slug
         * @description As by its number. A slug that the post had once leads, by 301, to the one that it has now.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * @description Shows the post to everyone from now on. One that is published stays as it is.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `posts:write`.
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
         * Take a post back
         * @description Makes a draft of the post again, with its comments; it loses the time of its publication. A draft stays as it is.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `posts:write`.
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
         * List the most popular posts
         * @description The published posts that were read most often.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * @description Every month (UTC) in which posts were published, the newest first. `GET /api/v1/posts?month=` lists those of one.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * @description Those who have published most, with how often that was read and commented on. Posts whose author is gone are left out.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * @description The tags with the most published posts, with how often those were read.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * List what was deleted
         * @description What you deleted of your own, for editors what anyone did, in pages and one kind at a time. After 30 days it is gone for good.
         *
         *     **Who:** anyone who has signed in. **Key:** needs the scope `trash:read`.
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
         * Restore what was deleted
         * @description Brings it back as it was. What an editor deleted, only editors bring back; for others it is not found.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `trash:write`.
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
         * Remove for good
         * @description Removes it from the trash, without a way back.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `trash:write`.
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
         * @description The categories in pages, each with the number of its published posts. The one of a slug is found by `slug`.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["categories-list"];
        put?: never;
        /**
         * Create a category
         * @description For editors. A name that is taken, in any case, or a slug is refused with 409.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
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
         * @description One category, with the number of its published posts.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["categories-read"];
        /**
         * Replace a category
         * @description For editors. Writes the whole category; what is left out goes back to its default, except the slug. `If-Match` looks at the version alone: a post more does not get in the way.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
         */
        put: operations["categories-replace"];
        post?: never;
        /**
         * Delete a category
         * @description For editors. Its posts stay, without a category.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
         */
        delete: operations["categories-delete"];
        options?: never;
        head?: never;
        /**
         * Change a category
         * @description For editors. Changes the fields that are given; what is left out stays.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
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
         * @description The published posts of the category with this slug, in pages.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * @description The tags in pages, each with the number of its published posts. The one of a slug is found by `slug`. Tags that no published post has are shown to editors only.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["tags-list"];
        put?: never;
        /**
         * Create a tag
         * @description For editors. A name that is taken, in any case, or a slug is refused with 409.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
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
         * @description One tag, with the number of its published posts.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["tags-read"];
        /**
         * Replace a tag
         * @description For editors. Writes the whole tag; the slug stays if it is left out. `If-Match` looks at the version alone: a post more does not get in the way.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
         */
        put: operations["tags-replace"];
        post?: never;
        /**
         * Delete a tag
         * @description For editors. Its posts stay, without it.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
         */
        delete: operations["tags-delete"];
        options?: never;
        head?: never;
        /**
         * Change a tag
         * @description For editors. Changes the fields that are given; what is left out stays.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `posts:write`.
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
         * @description The published posts of the tag with this slug, in pages.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * List the comments on a post
         * @description The threads of a post in pages, each with all that stands beneath it, as a tree or flat. An answer has at most 1000 comments, and a tree 30 levels of replies; what is cut is the deepest, and a comment that lacks replies says so by `has_more_replies`. One that was deleted keeps its place, empty, while there are replies to it.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["post-comments-list"];
        put?: never;
        /**
         * Comment on a post
         * @description Writes a comment on the post, or with `parent_id` a reply to one. What an editor writes is approved at once; everything else waits, and is seen only by who wrote it and by editors.
         *
         *     **Who:** whoever has the permission CREATE (2). **Key:** needs the scope `comments:write`.
         */
        post: operations["post-comments-create"];
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
         * @description The comments on all posts, for editors: the newest first, one after the other. Those that wait for a decision are found by `is_approved=false&is_rejected=false`.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `comments:write`.
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
         * @description One comment. What waits for a decision is seen by who wrote it and by editors; what was deleted is not found.
         *
         *     **Key:** needs the scope `posts:read`.
         */
        get: operations["comments-read"];
        put?: never;
        post?: never;
        /**
         * Delete a comment
         * @description Puts the comment into the trash: authors their own, editors all. If there are replies to it, an empty comment keeps its place.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `comments:write`.
         */
        delete: operations["comments-delete"];
        options?: never;
        head?: never;
        /**
         * Edit a comment
         * @description Gives your own comment another text, within 15 minutes after it was written. Unless you are an editor, it then waits to be approved, again too.
         *
         *     **Who:** whoever has the permission UPDATE (4). **Key:** needs the scope `comments:write`.
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
         * List the replies to a comment
         * @description The replies to a comment in pages, each with all that stands beneath it, as the comments on a post are listed: the way on from a comment that has more replies.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * @description Shows the comment to everyone. With `If-Match` only if it is still as you have read it.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `comments:write`.
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
         * @description Hides the comment, and all that stands beneath it, from everyone but its author and editors.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `comments:write`.
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
         * Moderate many comments
         * @description Approves, rejects or deletes many comments at once. Those that do not exist are named in the answer, and are in the way of none of the others.
         *
         *     **Who:** whoever has the permission DELETE (8). **Key:** needs the scope `comments:write`.
         */
        post: operations["comments-moderate"];
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
         * List the roles
         * @description The roles from the least to the greatest, and the permissions that they, and any other mask, are made of.
         *
         *     **Key:** needs the scope `users:read`.
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
         * @description The posts and comments that you may see and that hold all the words: in the title counts more than in summary and tags, and that more than in the text. So that a word that stands everywhere is answered as fast, no more is ranked than the newest 1000 posts, the newest 1000 with the words in their titles, with `sort=popular` the 1000 that are read most, and the newest 1000 comments; what is beyond is neither found nor counted in `total`. Pages are numbered: `next_cursor` is always null.
         *
         *     **Key:** needs the scope `posts:read`.
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
         * Suggest what to search for
         * @description Published posts with a word in the title that begins like the last one that was typed, and categories and tags whose names begin with what was typed.
         *
         *     **Key:** needs the scope `posts:read`.
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
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit log
         * @description Who did what, when and from where, the newest first. An entry is written together with the change of which it speaks and never altered. All filters that are given must fit.
         *
         *     **Who:** administrators. **Key:** needs the scope `audit:read`.
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
         * @description What the service has yet to do in the background, in the order in which it was added. A job that is done is gone; one that has failed for good stays, with the reason.
         *
         *     **Who:** administrators. **Key:** needs the scope `jobs:read`.
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
         * Run a job again
         * @description Makes the job due at once, with all its attempts before it. One that is running is refused with 409 and the code `job_running`.
         *
         *     **Who:** administrators. **Key:** needs the scope `jobs:write`.
         */
        post: operations["jobs-retry"];
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
         * A whole number in the query
         * @description Adds up the numbers from 1 to `n`. A number that is no integer is refused.
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
         * A positive number in the path
         * @description Shows the amount as a number and, rounded to two decimals, as a text.
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
         * A path in the path
         * @description Everything that follows, however many slashes it has, is one value.
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
         * A list in the path
         * @description The values are separated by commas; an error names the index of the value.
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
         * A pattern in the path
         * @description What does not look like `1.2.3` is an invalid value, 422, and not a wrong path.
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
         * One of several values in the path
         * @description Only the listed values are valid; the error for another one lists them.
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
         * A UUID in the path
         * @description Any version of UUID, in either case; it is shown in its usual form.
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
         * Path and query together
         * @description A number in the path and an optional text in the query, null if left out.
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
         * Two numbers in a nested path
         * @description If both are invalid, both are reported.
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
         * A path without its last part
         * @description Greets everybody; the same handler as with a name.
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
         * A path with its last part
         * @description Greets whom the path names; the same handler as without a name.
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
         * Every option of a query parameter
         * @description Defaults, lengths, limits that count and that do not, a pattern, titles, a parameter that may be repeated and a deprecated one. A required one is in `playground-search`.
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
         * The query of a search
         * @description A required text with page, size and order; nothing is searched.
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
         * Any script in the query
         * @description Greets in plain text. The name is UTF-8, percent-encoded.
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
         * What the service knows of a request
         * @description The context in which a handler runs: the application, the request, its id.
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
         * See a GET request as it arrives
         * @description Method, address, headers, query, form and JSON as the service has read them. What is named like a password, a token or a key is redacted, wherever it stands.
         */
        get: operations["playground-inspect-get"];
        /**
         * See a PUT request as it arrives
         * @description Method, address, headers, query, form and JSON as the service has read them. What is named like a password, a token or a key is redacted, wherever it stands.
         */
        put: operations["playground-inspect-put"];
        /**
         * See a POST request as it arrives
         * @description Method, address, headers, query, form and JSON as the service has read them. What is named like a password, a token or a key is redacted, wherever it stands.
         */
        post: operations["playground-inspect-post"];
        /**
         * See a DELETE request as it arrives
         * @description Method, address, headers, query, form and JSON as the service has read them. What is named like a password, a token or a key is redacted, wherever it stands.
         */
        delete: operations["playground-inspect-delete"];
        options?: never;
        head?: never;
        /**
         * See a PATCH request as it arrives
         * @description Method, address, headers, query, form and JSON as the service has read them. What is named like a password, a token or a key is redacted, wherever it stands.
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
         * See a GET request as text
         * @description The request in a few lines of plain text, with its body. What is named like a password, a token or a key is redacted; of a body that is no text, only the length is shown.
         */
        get: operations["playground-echo-get"];
        /**
         * See a PUT request as text
         * @description The request in a few lines of plain text, with its body. What is named like a password, a token or a key is redacted; of a body that is no text, only the length is shown.
         */
        put: operations["playground-echo-put"];
        /**
         * See a POST request as text
         * @description The request in a few lines of plain text, with its body. What is named like a password, a token or a key is redacted; of a body that is no text, only the length is shown.
         */
        post: operations["playground-echo-post"];
        /**
         * See a DELETE request as text
         * @description The request in a few lines of plain text, with its body. What is named like a password, a token or a key is redacted; of a body that is no text, only the length is shown.
         */
        delete: operations["playground-echo-delete"];
        options?: never;
        head?: never;
        /**
         * See a PATCH request as text
         * @description The request in a few lines of plain text, with its body. What is named like a password, a token or a key is redacted; of a body that is no text, only the length is shown.
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
         * What the headers say about a client
         * @description Browser, system and languages. Of `Authorization`, only that it was there.
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
         * Which cookies came along
         * @description The names of all cookies. Their values are secrets and are not sent back.
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
         * A form
         * @description A form with a field that may be repeated. The password is not sent back.
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
         * Nested JSON
         * @description Sends back what was understood. A body that is no JSON is 422, and the error says at which character it stopped being one.
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
         * A nested body, and 201
         * @description Answers as if it had created the user. With an `Idempotency-Key` the first answer comes again.
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
         * A calculation
         * @description Works out `a op b` from a form. What is valid may still be impossible: to divide by zero is 400 with the code `division_by_zero`.
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
         * Plain text
         * @description An answer that is no JSON: plain text in UTF-8.
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
         * JSON, indented if wanted
         * @description JSON as it is sent everywhere, or with `pretty` as people like to read it.
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
         * 201 with headers of its own
         * @description Another status than 200, a header that no standard knows, and no caching.
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
         * 204, no content
         * @description An answer without a body, and without a content type.
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
         * A cookie
         * @description Sets `session_token`, which is HttpOnly, Secure and SameSite=Lax, for one hour and for the playground only. `playground-cookies` shows whether the client has kept it.
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
         * A redirect
         * @description 302 to the plain text. A client that follows redirects ends up with 200.
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
         * A file to be saved
         * @description An attachment with a name: a browser saves it and does not show it.
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
         * A table as CSV
         * @description A header line and two rows (RFC 4180), as an attachment.
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
         * An answer that takes a while
         * @description Waits 100 ms, while the service goes on answering others.
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
         * Server-sent events
         * @description 10 events, 0.5 s apart, as `text/event-stream`; then the stream ends. It ends before when the client goes away.
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
         * A fault of the service
         * @description Divides 1000 by `divisor` without looking, so that with 0, which is the default, the service fails as it would on a fault of its own: 500 with the request id, and the cause in the log.
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
         * The answer of another service
         * @description Fetches the one address that the service is configured with and hands its JSON on. 404 if there is none; 502 if it cannot be reached, fails, or answers with anything but JSON; 504 if it takes longer than 3 s.
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
         * A WebSocket that echoes
         * @description With `Upgrade: websocket` (RFC 6455) it becomes a connection on which each text `x` is answered with `Echo: x`. Without, it says how to connect.
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
         * ApiKey
         * @description An API key, without the key itself, which is not kept
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
             * @description The number of the key
             * @example 1
             */
            id: number;
            /**
             * @description What the key is for, in your words
             * @example Nightly backup
             */
            name: string;
            /**
             * @description How the key begins, by which one that is found can be told
             * @example alt_5f0c12ab
             */
            prefix: string;
            /**
             * @description What the key is good for; it never allows more than its user may do
             * @example [
             *       "users:read"
             *     ]
             */
            scopes: ("users:read" | "users:write" | "me:read" | "me:write" | "posts:read" | "posts:write" | "comments:write" | "trash:read" | "trash:write" | "audit:read" | "jobs:read" | "jobs:write")[];
            /**
             * Format: date-time
             * @description When the key was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /** @description When the key was last used, to the minute; null if never */
            last_used_at: string | null;
            /** @description From when on the key is refused; null if never */
            expires_at: string | null;
        };
        /**
         * ApiKeyCreate
         * @description An API key to be created
         * @example {
         *       "name": "Nightly backup",
         *       "scopes": [
         *         "users:read"
         *       ]
         *     }
         */
        ApiKeyCreate: {
            /**
             * @description What the key is for, in your words
             * @example Nightly backup
             */
            name: string;
            /**
             * @description What the key is good for; it never allows more than its user may do
             * @example [
             *       "users:read"
             *     ]
             */
            scopes: ("users:read" | "users:write" | "me:read" | "me:write" | "posts:read" | "posts:write" | "comments:write" | "trash:read" | "trash:write" | "audit:read" | "jobs:read" | "jobs:write")[];
            /**
             * @description From when on the key is to be refused; null: never
             * @default null
             */
            expires_at?: string | null;
        };
        /**
         * ApiKeyCreated
         * @description An API key that has just been created
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
             * @description The number of the key
             * @example 1
             */
            id: number;
            /**
             * @description What the key is for, in your words
             * @example Nightly backup
             */
            name: string;
            /**
             * @description How the key begins, by which one that is found can be told
             * @example alt_5f0c12ab
             */
            prefix: string;
            /**
             * @description What the key is good for; it never allows more than its user may do
             * @example [
             *       "users:read"
             *     ]
             */
            scopes: ("users:read" | "users:write" | "me:read" | "me:write" | "posts:read" | "posts:write" | "comments:write" | "trash:read" | "trash:write" | "audit:read" | "jobs:read" | "jobs:write")[];
            /**
             * Format: date-time
             * @description When the key was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /** @description When the key was last used, to the minute; null if never */
            last_used_at: string | null;
            /** @description From when on the key is refused; null if never */
            expires_at: string | null;
            /** @description The key itself, shown this once; it cannot be had again */
            key: string;
        };
        /**
         * ApiKeyPage
         * @description One page of a list of API keys
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
            /** @description The items of this page, in order */
            items: components["schemas"]["ApiKey"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * AuditActor
         * @description Who did something
         * @example {
         *       "id": 1,
         *       "username": "alice"
         *     }
         */
        AuditActor: {
            /**
             * @description The number of the user
             * @example 1
             */
            id: number;
            /** @description What the user is called now; null if gone */
            username: string | null;
        };
        /**
         * AuditEntry
         * @description Who did what, when and from where. Passwords, tokens and keys are in no entry.
         * @example {
         *       "id": 42,
         *       "at": "2026-01-31T09:30:00.000Z",
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
         *       }
         *     }
         */
        AuditEntry: {
            /** @description The number of the entry */
            id: number;
            /**
             * Format: date-time
             * @description When it was done
             * @example 2026-01-31T09:30:00.000Z
             */
            at: string;
            /** @description Who did it; null if nobody had signed in */
            actor: components["schemas"]["AuditActor"] | null;
            /** @description How the actor had proved who they are; null if nobody had signed in yet */
            credential: ("session" | "token" | "key") | null;
            /**
             * @description What was done
             * @example user.role
             * @enum {string}
             */
            action: "user.create" | "user.change" | "user.delete" | "user.role" | "account.register" | "account.verify" | "account.change" | "account.email" | "account.password" | "account.reset_password" | "account.delete" | "account.sign_in_refused" | "session.begin" | "session.end" | "session.end_others" | "token.reuse" | "api_key.create" | "api_key.delete" | "post.create" | "post.change" | "post.publish" | "post.unpublish" | "post.delete" | "post.restore" | "post.purge" | "comment.change" | "comment.approve" | "comment.reject" | "comment.delete" | "comment.restore" | "comment.purge" | "category.create" | "category.change" | "category.delete" | "tag.create" | "tag.change" | "tag.delete" | "job.retry";
            /**
             * @description The kind of thing that it was done to
             * @example user
             */
            resource: string;
            /**
             * @description The number of what it was done to; null if it was done to many at once
             * @example 17
             */
            resource_id: string | null;
            /** @description The IP address from which it was done */
            address: string | null;
            /**
             * @description The `X-Request-ID` of the request that did it
             * @example 6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10
             */
            request_id: string | null;
            /** @description What is no longer so; null where nothing was */
            before: {
                [key: string]: unknown;
            } | null;
            /** @description What has become so; null where nothing is left */
            after: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * AuditPage
         * @description One page of a list of entries of the audit log
         * @example {
         *       "items": [
         *         {
         *           "id": 42,
         *           "at": "2026-01-31T09:30:00.000Z",
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
         *           }
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
            /** @description The items of this page, in order */
            items: components["schemas"]["AuditEntry"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * CsrfToken
         * @description Proof that a request comes from a page of ours
         * @example {
         *       "csrf_token": "x1Yz…"
         *     }
         */
        CsrfToken: {
            /** @description To be sent as `X-CSRF-Token` */
            csrf_token: string;
        };
        /**
         * Login
         * @description Who wants to sign in
         * @example {
         *       "username": "admin",
         *       "password": "Correct-Horse-9"
         *     }
         */
        Login: {
            /** @description The username or the e-mail address */
            username: string;
            /**
             * Format: password
             * @description The password
             */
            password: string;
            /**
             * @description Whether the session lives 30 days, and not 30 minutes, after its last use
             * @default false
             */
            remember?: boolean;
        };
        /**
         * LoginStatus
         * @description The session has begun
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
         * @description The session has ended
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
         * @description Who the service takes the caller for
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
             * @description Whether a user is signed in
             * @enum {string}
             */
            status: "logged_in" | "not_logged_in";
            /** @description Who is signed in */
            username?: string;
        };
        /**
         * Category
         * @description A subject of posts: each post is in one category, or in none
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
             * @description Its number
             * @example 1
             */
            id: number;
            /** @description What it is called */
            name: string;
            /** @description Its name in an address */
            slug: string;
            /** @description How many published posts it has */
            post_count: number;
            /**
             * Format: date-time
             * @description When it was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description What its posts are about */
            description: string;
        };
        /**
         * CategoryCreate
         * @description A category to be created
         * @example {
         *       "name": "Databases",
         *       "description": "Storing and finding."
         *     }
         */
        CategoryCreate: {
            /** @description What it is called; unique without regard to case */
            name: string;
            /** @description Its name in an address; made from the name (Chinese is written in Latin letters), with a number behind it if that is taken, when it is left out */
            slug?: string;
            /**
             * @description What its posts are about
             * @default
             */
            description?: string;
        };
        /**
         * CategoryPage
         * @description One page of a list of categories
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
            /** @description The items of this page, in order */
            items: components["schemas"]["Category"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * CategoryReplace
         * @description A category to replace the one that is there; its slug stays if it is left out
         * @example {
         *       "name": "Databases",
         *       "description": "Storing and finding."
         *     }
         */
        CategoryReplace: {
            /** @description What it is called; unique without regard to case */
            name: string;
            /** @description Its name in an address; stays as it is, also under a new name, when it is left out */
            slug?: string;
            /**
             * @description What its posts are about
             * @default
             */
            description?: string;
        };
        /**
         * CategoryUpdate
         * @description The fields to change; what is left out stays as it is
         * @example {
         *       "description": "Storing, finding and keeping."
         *     }
         */
        CategoryUpdate: {
            /** @description What it is called; unique without regard to case */
            name?: string;
            /** @description Its name in an address; stays as it is, also under a new name, when it is left out */
            slug?: string;
            /** @description What its posts are about */
            description?: string;
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
         *       "created_at": "2026-01-31T10:00:00.000Z",
         *       "updated_at": "2026-01-31T10:00:00.000Z"
         *     }
         */
        Comment: {
            /**
             * @description The number of the comment
             * @example 1
             */
            id: number;
            /**
             * @description The number of the post
             * @example 1
             */
            post_id: number;
            /** @description The comment to which it replies; null at the top of a thread */
            parent_id: number | null;
            /**
             * @description The comment at the top of its thread: itself, if it is that one
             * @example 1
             */
            thread_id: number;
            /** @description How many comments it stands beneath */
            depth: number;
            /** @description Who wrote it; null if the user is gone or the comment was deleted */
            author: components["schemas"]["Author"] | null;
            /** @description The text as Markdown; empty if it was deleted */
            content: string;
            /** @description The text as HTML: safe to show, whatever was written; empty if it was deleted */
            content_html: string;
            /** @description Whether everyone sees it; until then only its author and editors do */
            is_approved: boolean;
            /** @description Whether an editor decided against it; if neither, it waits for a decision */
            is_rejected: boolean;
            /** @description Whether it was deleted, and only keeps the place for the replies to it */
            is_deleted: boolean;
            /**
             * Format: date-time
             * @description When it was written
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When its text was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * CommentCreate
         * @description A comment to be written
         * @example {
         *       "content": "Does a **larger** pool help?"
         *     }
         */
        CommentCreate: {
            /**
             * @description The text as Markdown
             * @example Does a **larger** pool help?
             */
            content: string;
            /**
             * @description The comment of the same post to which it replies; null for none
             * @default null
             */
            parent_id?: number | null;
        };
        /**
         * CommentModeration
         * @description What is to be done with many comments
         * @example {
         *       "ids": [
         *         7,
         *         8
         *       ],
         *       "action": "approve"
         *     }
         */
        CommentModeration: {
            /**
             * @description The numbers of the comments
             * @example [
             *       7,
             *       8
             *     ]
             */
            ids: number[];
            /**
             * @description What to do with all of them
             * @enum {string}
             */
            action: "approve" | "reject" | "delete";
        };
        /**
         * CommentNode
         * @description A comment with the replies to it
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
         *       "created_at": "2026-01-31T10:00:00.000Z",
         *       "updated_at": "2026-01-31T10:00:00.000Z",
         *       "has_more_replies": false,
         *       "replies": []
         *     }
         */
        CommentNode: {
            /**
             * @description The number of the comment
             * @example 1
             */
            id: number;
            /**
             * @description The number of the post
             * @example 1
             */
            post_id: number;
            /** @description The comment to which it replies; null at the top of a thread */
            parent_id: number | null;
            /**
             * @description The comment at the top of its thread: itself, if it is that one
             * @example 1
             */
            thread_id: number;
            /** @description How many comments it stands beneath */
            depth: number;
            /** @description Who wrote it; null if the user is gone or the comment was deleted */
            author: components["schemas"]["Author"] | null;
            /** @description The text as Markdown; empty if it was deleted */
            content: string;
            /** @description The text as HTML: safe to show, whatever was written; empty if it was deleted */
            content_html: string;
            /** @description Whether everyone sees it; until then only its author and editors do */
            is_approved: boolean;
            /** @description Whether an editor decided against it; if neither, it waits for a decision */
            is_rejected: boolean;
            /** @description Whether it was deleted, and only keeps the place for the replies to it */
            is_deleted: boolean;
            /**
             * Format: date-time
             * @description When it was written
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When its text was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description Whether there are replies to it that are not in this answer: read them with `GET /api/v1/comments/{id}/replies` */
            has_more_replies: boolean;
            /** @description The replies to it, the oldest first; left out of a flat list */
            replies?: components["schemas"]["CommentNode"][];
        };
        /**
         * CommentNodePage
         * @description One page of a list of comments with the replies to them; what is counted are those at the top of the page
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
            /** @description The items of this page, in order */
            items: components["schemas"]["CommentNode"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * CommentPage
         * @description One page of a list of comments
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
            /** @description The items of this page, in order */
            items: components["schemas"]["Comment"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * CommentUpdate
         * @description The new text of a comment
         * @example {
         *       "content": "Is 20 too large?"
         *     }
         */
        CommentUpdate: {
            /**
             * @description The text as Markdown
             * @example Does a **larger** pool help?
             */
            content: string;
        };
        /**
         * CommentsModerated
         * @description The outcome of moderating many comments
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
            /** @description The comments with which it was done */
            changed: number[];
            /** @description Those that were so already */
            unchanged: number[];
            /** @description Those that do not exist */
            missing: number[];
        };
        /**
         * Error
         * @description The request could not be carried out
         * @example {
         *       "detail": "Not Found",
         *       "code": "not_found"
         *     }
         */
        Error: {
            /** @description What went wrong, for people */
            detail: string;
            /** @description What went wrong, for programs */
            code: string;
            /** @description The values that are to blame, where single ones are */
            errors?: components["schemas"]["ValidationError"][];
            /** @description With 500: the id under which the log has the cause */
            request_id?: string;
        };
        /**
         * HTTPValidationError
         * @description The request is understood but its values are not valid
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
             * @description Every invalid value of the request
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
             * @description The kind of error, for programs
             */
            type: string;
            /**
             * Location
             * @description Where the value stands: the part of the request, then names and indexes
             */
            loc: (string | number)[];
            /**
             * Message
             * @description What is wrong, for people
             */
            msg: string;
            /**
             * Input
             * @description The value as it arrived
             */
            input?: unknown;
            /**
             * Context
             * @description The limits that the message speaks of
             */
            ctx?: {
                [key: string]: unknown;
            };
        };
        /**
         * Job
         * @description A job that is waiting, running or given up
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
             * @description The number of the job
             * @example 42
             */
            id: number;
            /**
             * @description What it does
             * @example notice
             */
            task: string;
            /**
             * @description `failed`: it has used up its attempts and is tried no more
             * @enum {string}
             */
            state: "waiting" | "running" | "failed";
            /** @description How often it was begun */
            attempts: number;
            /** @description How often it may be begun */
            max_attempts: number;
            /**
             * Format: date-time
             * @description When it is due
             * @example 2026-01-31T09:30:00.000Z
             */
            run_at: string;
            /** @description Why it failed last, in one line; null if it has not failed */
            last_error: string | null;
            /**
             * Format: date-time
             * @description When it was added
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
        };
        /**
         * JobPage
         * @description One page of a list of jobs
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
            /** @description The items of this page, in order */
            items: components["schemas"]["Job"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * AccountDeletion
         * @description Proof that it is you who wants to go
         * @example {
         *       "password": "Correct-Horse-9"
         *     }
         */
        AccountDeletion: {
            /**
             * Format: password
             * @description The password
             */
            password: string;
        };
        /**
         * PasswordChange
         * @description A new password, by whoever knows the current one
         * @example {
         *       "current_password": "Correct-Horse-9",
         *       "new_password": "Battery-Staple-8",
         *       "confirm_password": "Battery-Staple-8"
         *     }
         */
        PasswordChange: {
            /**
             * Format: password
             * @description Your password
             */
            current_password: string;
            /**
             * Format: password
             * @description The password from now on. It needs an upper-case letter, a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}\|;:,.<>?`.
             * @example Correct-Horse-9
             */
            new_password: string;
            /**
             * Format: password
             * @description The new password once more
             */
            confirm_password: string;
        };
        /**
         * PasswordCheck
         * @description A password to be judged
         * @example {
         *       "password": "correct horse"
         *     }
         */
        PasswordCheck: {
            /**
             * Format: password
             * @description The password that is being thought of; it is not kept
             */
            password: string;
        };
        /**
         * PasswordReset
         * @description A new password, by whoever reads the mail of the account
         * @example {
         *       "token": "y3JxN0n4…",
         *       "new_password": "Battery-Staple-8",
         *       "confirm_password": "Battery-Staple-8"
         *     }
         */
        PasswordReset: {
            /** @description The token that the mail brought; it works once */
            token: string;
            /**
             * Format: password
             * @description The password from now on. It needs an upper-case letter, a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}\|;:,.<>?`.
             * @example Correct-Horse-9
             */
            new_password: string;
            /**
             * Format: password
             * @description The new password once more
             */
            confirm_password: string;
        };
        /**
         * PasswordStatus
         * @description The new password is the password
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
         * @description What the rules for passwords say of one
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
            /** @description Whether it may be used */
            valid: boolean;
            /** @description Every rule that it breaks */
            errors: {
                /**
                 * @description The rule that it breaks, for programs
                 * @enum {string}
                 */
                type: "password_empty" | "password_too_short" | "password_too_long" | "password_no_upper" | "password_no_lower" | "password_no_digit" | "password_no_special";
                /** @description The rule that it breaks, for people */
                msg: string;
            }[];
        };
        /**
         * PlaygroundCalculation
         * @description Two numbers and what to do with them
         * @example {
         *       "a": 10,
         *       "b": 3,
         *       "op": "/"
         *     }
         */
        PlaygroundCalculation: {
            /** @description The first number */
            a: number;
            /** @description The second number */
            b: number;
            /**
             * @description What to do; in a form `+` is written `%2B`
             * @enum {string}
             */
            op: "+" | "-" | "*" | "/";
        };
        /**
         * PlaygroundForm
         * @description A form as it was understood
         * @example {
         *       "username": "alice",
         *       "hobbies": [
         *         "go",
         *         "chess"
         *       ]
         *     }
         */
        PlaygroundForm: {
            /** @description The name */
            username: string;
            /** @description Each `hobby` */
            hobbies: string[];
        };
        /**
         * PlaygroundFormInput
         * @description A form with a field that may be repeated
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
            /** @description A name */
            username: string;
            /**
             * Format: password
             * @description Read, and never sent back
             */
            password: string;
            /**
             * @description May be repeated: `hobby=go&hobby=chess`
             * @default []
             */
            hobby?: string[];
        };
        /**
         * PlaygroundJson
         * @description JSON as it was understood: defaults filled in, unknown fields dropped
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
         * @description JSON with every kind of value in it
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
            /** @description A text; required */
            name: string;
            /** @description A number */
            age?: number;
            /** @description A boolean */
            isMale?: boolean;
            /**
             * @description A list
             * @default []
             */
            hobbies?: string[];
            /** @description An object within the object */
            address?: {
                /** @description City */
                city: string;
                /** @description The rest */
                detail?: string;
            };
            /**
             * @description May be null
             * @default null
             */
            email?: string | null;
        };
        /**
         * PlaygroundResult
         * @description A calculation with its result
         * @example {
         *       "a": 10,
         *       "b": 4,
         *       "op": "/",
         *       "result": 2.5
         *     }
         */
        PlaygroundResult: {
            /** @description The first number */
            a: number;
            /** @description The second number */
            b: number;
            /**
             * @description What to do; in a form `+` is written `%2B`
             * @enum {string}
             */
            op: "+" | "-" | "*" | "/";
            /** @description The result */
            result: number;
        };
        /**
         * PlaygroundUser
         * @description A user with an address in it
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
            /** @description A name */
            username: string;
            /**
             * @description Free words
             * @default []
             */
            tags?: string[];
            /**
             * @description An object of its own
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
         * @description One of several choices out of the path
         * @example {
         *       "page": "about"
         *     }
         */
        PlaygroundChoice: {
            /**
             * @description One of the pages that there are
             * @example about
             * @enum {string}
             */
            page: "about" | "contact" | "help";
        };
        /**
         * PlaygroundComment
         * @description Two numbers out of a nested path
         * @example {
         *       "post_id": 1,
         *       "comment_id": 2,
         *       "text": "Post 1, Comment 2"
         *     }
         */
        PlaygroundComment: {
            /**
             * @description The first number out of the path
             * @example 1
             */
            post_id: number;
            /**
             * @description The second number out of the path
             * @example 1
             */
            comment_id: number;
            /** @description Both in words */
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
            /** @description The name out of the path, or null */
            name: string | null;
            /** @description A greeting */
            message: string;
        };
        /**
         * PlaygroundInvoice
         * @description A number out of the path
         * @example {
         *       "amount": 99.95,
         *       "text": "Invoice amount: $99.95"
         *     }
         */
        PlaygroundInvoice: {
            /** @description The amount as a number */
            amount: number;
            /** @description The amount in words, with two decimals */
            text: string;
        };
        /**
         * PlaygroundItem
         * @description A number out of the path and a text out of the query
         * @example {
         *       "item_id": 1,
         *       "q": null
         *     }
         */
        PlaygroundItem: {
            /**
             * @description The number out of the path
             * @example 1
             */
            item_id: number;
            /** @description The text out of the query, or null */
            q: string | null;
        };
        /**
         * PlaygroundItems
         * @description A list out of the path
         * @example {
         *       "items": [
         *         "apple",
         *         "pear"
         *       ]
         *     }
         */
        PlaygroundItems: {
            /** @description The values, one by one */
            items: string[];
        };
        /**
         * PlaygroundPath
         * @description A path within the path
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
            /** @description The last number of the sum */
            n: number;
            /** @description 1 + 2 + … + n */
            sum: number;
            /** @description How it was computed */
            formula: string;
        };
        /**
         * PlaygroundUuid
         * @description A UUID out of the path
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
         * @description A text of a certain form out of the path
         * @example {
         *       "version": "1.2.3"
         *     }
         */
        PlaygroundVersion: {
            /** @description The version as it was given */
            version: string;
        };
        /**
         * PlaygroundQuery
         * @description The query as it was understood
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
            /** @description `q`, or else `keyword` */
            search: string;
            /** @description `page` */
            page: number;
            /** @description `sort` */
            sort: string;
            /** @description Each `tag` */
            tags: string[];
            /** @description `code`, or null */
            code: string | null;
            /** @description `ratio`, or null */
            ratio: number | null;
        };
        /**
         * PlaygroundSearch
         * @description A search as it was understood
         * @example {
         *       "q": "fastify",
         *       "page": 1,
         *       "size": 10,
         *       "sort": "relevance"
         *     }
         */
        PlaygroundSearch: {
            /** @description What to look for */
            q: string;
            /** @description The page */
            page: number;
            /** @description How many items a page has */
            size: number;
            /** @description The order */
            sort: string;
        };
        /**
         * PlaygroundContext
         * @description What the service knows while it answers
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
            /** @description What is the same for every request */
            app_context: {
                /** @description The name of the program */
                app_name: string;
                /** @description The name that is shown */
                config_app_name: string;
                /** @description Whether this is not production */
                debug_mode: boolean;
            };
            /** @description What belongs to this request */
            request_context: {
                /** @description The method */
                method: string;
                /** @description The whole address */
                url: string;
                /** @description The operationId */
                endpoint: string;
                /** @description The tag of the operation */
                blueprint: string;
                /** @description The path parameters */
                view_args: {
                    [key: string]: string;
                };
            };
            /** @description What hooks have found out about this request */
            g_data: {
                /** @description As in `X-Request-ID` */
                request_id: string;
                /** @description The address that asks */
                user_ip: string;
            };
        };
        /**
         * PlaygroundCookies
         * @description The cookies that came along
         * @example {
         *       "all_cookies": {
         *         "session_id": "[redacted]"
         *       },
         *       "session_id": "[redacted]"
         *     }
         */
        PlaygroundCookies: {
            /** @description Each cookie, without its value */
            all_cookies: {
                [key: string]: string;
            };
            /** @description That there was a cookie `session_id`, but not what it was */
            session_id: string | null;
        };
        /**
         * PlaygroundHeaders
         * @description What the headers say about the client
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
            /** @description `User-Agent` */
            user_agent: string | null;
            /** @description The browser, if it is known */
            user_agent_browser: string | null;
            /** @description The system, if it is known */
            user_agent_platform: string | null;
            /** @description `Accept-Language`, the preferred ones first */
            accept_languages: string[];
            /** @description That there was an `Authorization`, but not what it was */
            authorization: string | null;
        };
        /**
         * PlaygroundInspection
         * @description A request as it has arrived, without secrets
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
            /** @description The method */
            method: string;
            /** @description The whole address */
            url: string;
            /** @description The address without its query */
            base_url: string;
            /** @description Scheme and host */
            url_root: string;
            /** @description The path */
            path: string;
            /** @description The path with its query */
            full_path: string;
            /** @description `http` or `https` */
            scheme: string;
            /** @description Whether the scheme is `https` */
            is_secure: boolean;
            /** @description Host and port */
            host: string;
            /** @description The address that asks */
            remote_addr: string;
            /** @description The type of the body, or null */
            content_type: string | null;
            /** @description Whether `X-Requested-With` is `XMLHttpRequest` */
            is_ajax: boolean;
            /** @description The headers, in lower case */
            headers: {
                [key: string]: string;
            };
            /** @description The query; a list where a name is repeated */
            args: {
                [key: string]: unknown;
            };
            /** @description The fields of a form; of files, no content */
            form: {
                [key: string]: unknown;
            };
            /** @description The body, if it is JSON, or null */
            json: unknown;
        };
        /**
         * PlaygroundExample
         * @description Some JSON
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
            /** @description A word */
            message: string;
            /** @description An object within the object */
            data: {
                /** @description A number */
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
         * @description A sentence
         * @example {
         *       "message": "Async response"
         *     }
         */
        PlaygroundMessage: {
            /** @description A sentence */
            message: string;
        };
        /**
         * PlaygroundQuotient
         * @description A division that went well
         * @example {
         *       "divisor": 4,
         *       "quotient": 250
         *     }
         */
        PlaygroundQuotient: {
            /** @description What 1000 was divided by */
            divisor: number;
            /** @description The result, without its fraction */
            quotient: number;
        };
        /**
         * PlaygroundUpstream
         * @description Whatever JSON the upstream has answered
         * @example {
         *       "message": "Hello from the upstream"
         *     }
         */
        PlaygroundUpstream: unknown;
        /**
         * PlaygroundWebSocket
         * @description How to talk with the echo
         * @example {
         *       "url": "ws://127.0.0.1:8000/api/v1/ws/echo",
         *       "max_message_bytes": 65536
         *     }
         */
        PlaygroundWebSocket: {
            /** @description Where to connect to */
            url: string;
            /** @description How long a message may be */
            max_message_bytes: number;
        };
        /**
         * AuthorOfPosts
         * @description Who wrote posts, and how they are received
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
            /** @description How many posts are published */
            post_count: number;
            /** @description How often they were read, all together */
            view_count: number;
            /** @description How many approved comments they have, all together */
            comment_count: number;
        };
        /**
         * PopularPosts
         * @description The posts that were read most often, the first of them first
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
            /** @description The items, in order */
            items: components["schemas"]["PostSummary"][];
        };
        /**
         * PostArchives
         * @description The months in which posts were published, the newest first
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
            /** @description The items, in order */
            items: components["schemas"]["PostMonth"][];
        };
        /**
         * PostMonth
         * @description A month in which posts were published
         * @example {
         *       "month": "2026-01",
         *       "post_count": 12
         *     }
         */
        PostMonth: {
            /** @description Year and month, in UTC */
            month: string;
            /** @description How many posts are published */
            post_count: number;
        };
        /**
         * PostsByAuthor
         * @description Those with the most published posts, the first of them first
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
            /** @description The items, in order */
            items: components["schemas"]["AuthorOfPosts"][];
        };
        /**
         * PostsByTag
         * @description The tags with the most published posts, the first of them first
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
            /** @description The items, in order */
            items: components["schemas"]["TagOfPosts"][];
        };
        /**
         * TagOfPosts
         * @description A tag of posts, and how they are received
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
            /** @description How many posts are published */
            post_count: number;
            /** @description How often they were read, all together */
            view_count: number;
        };
        /**
         * Author
         * @description Who wrote something
         * @example {
         *       "id": 1,
         *       "username": "alice",
         *       "nickname": "Alice",
         *       "avatar_url": null
         *     }
         */
        Author: {
            /**
             * @description The number of the user
             * @example 1
             */
            id: number;
            /** @description What the user is called */
            username: string;
            /** @description The name to show; may be empty */
            nickname: string;
            /** @description Where the picture is */
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
             * @description The number of the post
             * @example 1
             */
            id: number;
            /** @description The title */
            title: string;
            /** @description The name in an address */
            slug: string;
            /** @description What it is about; may be empty */
            summary: string;
            /** @description How the text begins, without markup */
            excerpt: string;
            /**
             * @description A draft is for its author and for editors
             * @enum {string}
             */
            status: "draft" | "published";
            /** @description Who wrote it; null if the user is gone */
            author: components["schemas"]["Author"] | null;
            /** @description The category; null if there is none */
            category: components["schemas"]["Topic"] | null;
            /** @description The tags, by name */
            tags: components["schemas"]["Topic"][];
            /** @description How long reading takes, in minutes */
            reading_minutes: number;
            /** @description How often it was read, counted once for each visitor in 30 minutes, and some seconds late */
            view_count: number;
            /** @description How many approved comments it has */
            comment_count: number;
            /** @description When it was published; null for a draft */
            published_at: string | null;
            /**
             * Format: date-time
             * @description When it was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
            /** @description The text as Markdown, as it was written */
            content: string;
            /** @description The text as HTML: safe to show, whatever was written */
            content_html: string;
        };
        /**
         * PostCreate
         * @description A post to be written
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
             * @description The text as Markdown: CommonMark, with tables, task lists, and code in colours by its language, of which blocks of more than 2,000 characters, and beyond 7,000 in all, stay plain
             * @example A pool keeps **connections** open.
             */
            content: string;
            /**
             * @description What it is about, in a sentence or two of plain text
             * @default
             */
            summary?: string;
            /**
             * @description The number of the category; null for none
             * @default null
             */
            category_id?: number | null;
            /**
             * @description The names of the tags, without regard to case; those that are new are created
             * @default []
             * @example [
             *       "postgres",
             *       "performance"
             *     ]
             */
            tags?: string[];
            /**
             * @description The name in an address; made from the title (Chinese is written in Latin letters), with a number behind it if that is taken, when it is left out
             * @example pooling-connections
             */
            slug?: string;
            /**
             * @description Whether to publish it at once
             * @default draft
             * @enum {string}
             */
            status?: "draft" | "published";
        };
        /**
         * PostPage
         * @description One page of a list of posts
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
            /** @description The items of this page, in order */
            items: components["schemas"]["PostSummary"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * PostReplace
         * @description A post to replace the one that is there; its slug stays if it is left out
         * @example {
         *       "title": "Pooling connections",
         *       "content": "A pool keeps **connections** open.",
         *       "tags": [
         *         "postgres"
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
             * @description The text as Markdown: CommonMark, with tables, task lists, and code in colours by its language, of which blocks of more than 2,000 characters, and beyond 7,000 in all, stay plain
             * @example A pool keeps **connections** open.
             */
            content: string;
            /**
             * @description What it is about, in a sentence or two of plain text
             * @default
             */
            summary?: string;
            /**
             * @description The number of the category; null for none
             * @default null
             */
            category_id?: number | null;
            /**
             * @description The names of the tags, without regard to case; those that are new are created
             * @default []
             * @example [
             *       "postgres",
             *       "performance"
             *     ]
             */
            tags?: string[];
            /**
             * @description The name in an address. It stays when the title changes; an old one is redirected.
             * @example pooling-connections
             */
            slug?: string;
        };
        /**
         * PostSummary
         * @description A post as lists show it: without its text
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
             * @description The number of the post
             * @example 1
             */
            id: number;
            /** @description The title */
            title: string;
            /** @description The name in an address */
            slug: string;
            /** @description What it is about; may be empty */
            summary: string;
            /** @description How the text begins, without markup */
            excerpt: string;
            /**
             * @description A draft is for its author and for editors
             * @enum {string}
             */
            status: "draft" | "published";
            /** @description Who wrote it; null if the user is gone */
            author: components["schemas"]["Author"] | null;
            /** @description The category; null if there is none */
            category: components["schemas"]["Topic"] | null;
            /** @description The tags, by name */
            tags: components["schemas"]["Topic"][];
            /** @description How long reading takes, in minutes */
            reading_minutes: number;
            /** @description How often it was read, counted once for each visitor in 30 minutes, and some seconds late */
            view_count: number;
            /** @description How many approved comments it has */
            comment_count: number;
            /** @description When it was published; null for a draft */
            published_at: string | null;
            /**
             * Format: date-time
             * @description When it was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * PostUpdate
         * @description The fields to change; what is left out stays as it is
         * @example {
         *       "title": "Pools of connections",
         *       "tags": [
         *         "postgres",
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
             * @description The name in an address. It stays when the title changes; an old one is redirected.
             * @example pooling-connections
             */
            slug?: string;
            /**
             * @description The text as Markdown: CommonMark, with tables, task lists, and code in colours by its language, of which blocks of more than 2,000 characters, and beyond 7,000 in all, stay plain
             * @example A pool keeps **connections** open.
             */
            content?: string;
            /** @description What it is about, in a sentence or two of plain text */
            summary?: string;
            /** @description The number of the category; null for none */
            category_id?: number | null;
            /**
             * @description The names of the tags, without regard to case; those that are new are created
             * @example [
             *       "postgres",
             *       "performance"
             *     ]
             */
            tags?: string[];
        };
        /**
         * Topic
         * @description A category or a tag of a post
         * @example {
         *       "id": 3,
         *       "name": "Databases",
         *       "slug": "databases"
         *     }
         */
        Topic: {
            /**
             * @description Its number
             * @example 1
             */
            id: number;
            /** @description What it is called */
            name: string;
            /** @description Its name in an address */
            slug: string;
        };
        /**
         * EmailAddress
         * @description An address
         * @example {
         *       "email": "dora@example.com"
         *     }
         */
        EmailAddress: {
            /**
             * Format: email
             * @description An e-mail address
             * @example alice@example.com
             */
            email: string;
        };
        /**
         * EmailChange
         * @description The address that you want to have
         * @example {
         *       "email": "dora@example.org",
         *       "password": "Correct-Horse-9"
         *     }
         */
        EmailChange: {
            /**
             * Format: email
             * @description An e-mail address
             * @example alice@example.com
             */
            email: string;
            /**
             * Format: password
             * @description Your password
             */
            password: string;
        };
        /**
         * EmailConfirmation
         * @description Proof that mail to an address is read
         * @example {
         *       "token": "y3JxN0n4…"
         *     }
         */
        EmailConfirmation: {
            /** @description The token that the mail brought; it works once */
            token: string;
        };
        /**
         * EmailConfirmed
         * @description The address is confirmed
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
            /** @description Whose address it is */
            username: string;
            /** @description The address */
            email: string;
        };
        /**
         * MailRequested
         * @description If there is something to be sent to this address, it is on its way
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
         * @description Somebody who wants an account
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
             * @description The name to sign in with; unique without regard to case
             * @example alice
             */
            username: string;
            /**
             * Format: email
             * @description An e-mail address
             * @example alice@example.com
             */
            email: string;
            /**
             * Format: password
             * @description The password to sign in with. It needs an upper-case letter, a lower-case letter, a digit and one of `!@#$%^&*()_+-=[]{}\|;:,.<>?`.
             * @example Correct-Horse-9
             */
            password: string;
            /**
             * Format: password
             * @description The new password once more
             */
            confirm_password: string;
            /** @description That the terms of service are accepted: they must be */
            agree_terms: boolean;
        };
        /**
         * RegistrationStatus
         * @description A mail is on its way; the account begins when the address is confirmed
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
            /** @description The name that is kept free for a day */
            username: string;
            /** @description Where the mail went */
            email: string;
        };
        /**
         * PermissionBit
         * @description One permission
         * @example {
         *       "name": "create",
         *       "bit": 2
         *     }
         */
        PermissionBit: {
            /**
             * @description What it is called
             * @enum {string}
             */
            name: "read" | "create" | "update" | "delete" | "admin";
            /** @description What it adds to a mask */
            bit: number;
        };
        /**
         * RoleAssignment
         * @description Either a role, or any mask of permissions
         * @example {
         *       "role": "editor"
         *     }
         * @example {
         *       "permissions": 5
         *     }
         */
        RoleAssignment: {
            /**
             * @description A role
             * @enum {string}
             */
            role?: "guest" | "author" | "editor" | "admin";
            /**
             * @description What the user may do: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128
             * @example 7
             */
            permissions?: number;
        };
        /**
         * RoleDefinition
         * @description A mask that has a name
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
             * @description What it is called
             * @enum {string}
             */
            name: "guest" | "author" | "editor" | "admin";
            /**
             * @description What the user may do: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128
             * @example 7
             */
            permissions: number;
            /** @description The permissions in the mask */
            allows: ("read" | "create" | "update" | "delete" | "admin")[];
        };
        /**
         * RoleList
         * @description The roles, and the permissions that they are made of
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
            /** @description From the least to the greatest */
            roles: components["schemas"]["RoleDefinition"][];
            /** @description What masks are made of */
            permissions: components["schemas"]["PermissionBit"][];
        };
        /**
         * SearchHit
         * @description A post or a comment that was found
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
             * @description What was found
             * @enum {string}
             */
            kind: "post" | "comment";
            /**
             * @description The number of the post or the comment
             * @example 1
             */
            id: number;
            post: components["schemas"]["SearchedPost"];
            /** @description The title of the post, as HTML that is safe to show: text, with what was found in `<mark>`, and nothing else */
            title_html: string;
            /** @description The part of the text in which most was found, as HTML that is safe to show: text, with what was found in `<mark>`, and nothing else */
            snippet_html: string;
            /** @description Who wrote the post or the comment; null if the user is gone */
            author: components["schemas"]["Author"] | null;
            /** @description The category of the post; null if there is none */
            category: components["schemas"]["Topic"] | null;
            /** @description The tags of the post, by name */
            tags: components["schemas"]["Topic"][];
            /** @description How often the post was read */
            view_count: number;
            /**
             * Format: date-time
             * @description When the post was published, or, of a draft and of a comment, when it was created
             * @example 2026-01-31T09:30:00.000Z
             */
            date: string;
            /** @description How well it fits, to be compared within one answer: from 2 on, all words stand in the title; from 1 on, in title, summary and tags */
            rank: number;
        };
        /**
         * SearchPage
         * @description One page of a list of what was found
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
            /** @description The items of this page, in order */
            items: components["schemas"]["SearchHit"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * SearchedPost
         * @description The post that was found, or on which the comment stands
         * @example {
         *       "id": 1,
         *       "title": "Pooling connections",
         *       "slug": "pooling-connections"
         *     }
         */
        SearchedPost: {
            /**
             * @description The number of the post
             * @example 1
             */
            id: number;
            /** @description The title */
            title: string;
            /** @description The name in an address */
            slug: string;
        };
        /**
         * Suggestion
         * @description What somebody may be about to type
         * @example {
         *       "kind": "post",
         *       "text": "Pooling connections",
         *       "slug": "pooling-connections"
         *     }
         */
        Suggestion: {
            /**
             * @description What is suggested
             * @enum {string}
             */
            kind: "category" | "tag" | "post";
            /** @description The title, or the name */
            text: string;
            /** @description The slug of the post, the tag or the category */
            slug: string;
        };
        /**
         * Suggestions
         * @description What somebody may be about to type
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
            /** @description The suggestions, the best first */
            items: components["schemas"]["Suggestion"][];
        };
        /**
         * Session
         * @description A browser or client in which you are signed in
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
            /** @description The number of the sign-in */
            id: number;
            /**
             * @description Whether it is a browser with a cookie, or a client that holds tokens
             * @enum {string}
             */
            kind: "cookie" | "token";
            /**
             * Format: date-time
             * @description When it began
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last used, to the minute
             * @example 2026-01-31T09:30:00.000Z
             */
            last_seen_at: string;
            /**
             * Format: date-time
             * @description When it ends unless it is used before
             * @example 2026-01-31T09:30:00.000Z
             */
            expires_at: string;
            /** @description The address that it began from */
            address: string | null;
            /** @description What the browser or client called itself when it began */
            user_agent: string | null;
            /** @description The kind of browser; null if it is none of the common ones */
            browser: string | null;
            /** @description The kind of machine; null if it is none of the common ones */
            platform: string | null;
            /** @description Whether it lives 30 days, and not 30 minutes, after its last use */
            remember: boolean;
            /** @description Whether it is the one that this request was made with */
            current: boolean;
        };
        /**
         * SessionPage
         * @description One page of a list of sign-ins
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
            /** @description The items of this page, in order */
            items: components["schemas"]["Session"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * SessionsEnded
         * @description The outcome of ending sign-ins
         * @example {
         *       "ended": 2
         *     }
         */
        SessionsEnded: {
            /** @description How many have ended */
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
                /** @description Where it begins */
                url: string;
            }[];
        };
        /**
         * Health
         * @description The process answers
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
         * @description The process and its database answer
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
         * @description What runs here
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
         * @description The front door of the API
         * @example {
         *       "message": "Welcome to Althing",
         *       "framework": "Fastify",
         *       "version": "0.1.0"
         *     }
         */
        Welcome: {
            /** @description A greeting */
            message: string;
            /** @description What the service is built on */
            framework: string;
            /** @description The version of the service */
            version: string;
        };
        /**
         * Tag
         * @description A word that posts are marked with: each post may have several
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
             * @description Its number
             * @example 1
             */
            id: number;
            /** @description What it is called */
            name: string;
            /** @description Its name in an address */
            slug: string;
            /** @description How many published posts it has */
            post_count: number;
            /**
             * Format: date-time
             * @description When it was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed
             * @example 2026-01-31T09:30:00.000Z
             */
            updated_at: string;
        };
        /**
         * TagCreate
         * @description A tag to be created
         * @example {
         *       "name": "databases"
         *     }
         */
        TagCreate: {
            /** @description What it is called; unique without regard to case */
            name: string;
            /** @description Its name in an address; made from the name (Chinese is written in Latin letters), with a number behind it if that is taken, when it is left out */
            slug?: string;
        };
        /**
         * TagPage
         * @description One page of a list of tags
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
            /** @description The items of this page, in order */
            items: components["schemas"]["Tag"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * TagReplace
         * @description A tag to replace the one that is there; its slug stays if it is left out
         * @example {
         *       "name": "Databases"
         *     }
         */
        TagReplace: {
            /** @description What it is called; unique without regard to case */
            name: string;
            /** @description Its name in an address; stays as it is, also under a new name, when it is left out */
            slug?: string;
        };
        /**
         * TagUpdate
         * @description The fields to change; what is left out stays as it is
         * @example {
         *       "name": "Databases",
         *       "slug": "databases"
         *     }
         */
        TagUpdate: {
            /** @description What it is called; unique without regard to case */
            name?: string;
            /** @description Its name in an address; stays as it is, also under a new name, when it is left out */
            slug?: string;
        };
        /**
         * RevocationStatus
         * @description The token is worth nothing
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
         * @description What a client that holds tokens proves itself with
         * @example {
         *       "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
         *       "token_type": "bearer",
         *       "expires_in": 3600,
         *       "refresh_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
         *       "refresh_expires_in": 2592000
         *     }
         */
        TokenPair: {
            /** @description To be sent as `Authorization: Bearer …` */
            access_token: string;
            /**
             * @description Always `bearer`
             * @enum {string}
             */
            token_type: "bearer";
            /** @description Seconds that the access token is good for */
            expires_in: number;
            /** @description Good for the next pair of tokens, once */
            refresh_token: string;
            /** @description Seconds that the refresh token is good for */
            refresh_expires_in: number;
        };
        /**
         * TokenRequest
         * @description A request for tokens: `username` and `password` with the grant `password`, `refresh_token` with the grant `refresh_token`
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
             * @description Whether the password or a refresh token is the proof
             * @default password
             * @enum {string}
             */
            grant_type?: "password" | "refresh_token";
            /** @description The username or the e-mail address */
            username?: string;
            /**
             * Format: password
             * @description The password
             */
            password?: string;
            /** @description The refresh token that was handed out last */
            refresh_token?: string;
            /** @description Ignored: a token may do what its user may */
            scope?: string;
            /** @description Ignored: clients are not told apart */
            client_id?: string;
            /**
             * Format: password
             * @description Ignored
             */
            client_secret?: string;
        };
        /**
         * TokenRevocation
         * @description A token that is to be worth nothing any more
         * @example {
         *       "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
         *     }
         */
        TokenRevocation: {
            /** @description A refresh token or an access token */
            token: string;
            /** @description Ignored: a token says itself of which type it is */
            token_type_hint?: string;
        };
        /**
         * TrashItem
         * @description Something that was deleted and can be restored
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
             * @description What it is
             * @enum {string}
             */
            kind: "post" | "comment";
            /**
             * @description Its number
             * @example 1
             */
            id: number;
            /** @description The title of a post, or how a comment begins */
            title: string;
            /** @description Who wrote it; null if the user is gone */
            author: components["schemas"]["Author"] | null;
            /**
             * Format: date-time
             * @description When it was deleted
             * @example 2026-01-31T09:30:00.000Z
             */
            deleted_at: string;
            /** @description Who deleted it; null if the user is gone */
            deleted_by: components["schemas"]["Author"] | null;
            /**
             * Format: date-time
             * @description When it will be gone for good
             * @example 2026-01-31T09:30:00.000Z
             */
            expires_at: string;
        };
        /**
         * TrashPage
         * @description One page of a list of things that were deleted
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
            /** @description The items of this page, in order */
            items: components["schemas"]["TrashItem"][];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
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
         * ProfileUpdate
         * @description The fields of your profile to change; what is left out stays as it is
         * @example {
         *       "nickname": "Johnny",
         *       "bio": "I write."
         *     }
         */
        ProfileUpdate: {
            /**
             * @description The name to show
             * @example Alice
             */
            nickname?: string;
            /** @description A few words about the person */
            bio?: string;
            /**
             * @description Where the picture is: an http or https address
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description In years
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free words
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
         * @description What administrators, and the user, see of a user
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
             * @description The number of the user
             * @example 1
             */
            id: number;
            /**
             * @description The name to sign in with; unique without regard to case
             * @example alice
             */
            username: string;
            /**
             * @description The name to show
             * @example Alice
             */
            nickname: string;
            /** @description A few words about the person */
            bio: string;
            /**
             * @description Where the picture is: an http or https address
             * @example https://example.com/alice.png
             */
            avatar_url: string | null;
            /**
             * @description Free words
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags: string[];
            /**
             * Format: date-time
             * @description When the user was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
            /**
             * @description Unique without regard to case
             * @example alice@example.com
             */
            email: string | null;
            /**
             * @description In years
             * @example 30
             */
            age: number | null;
            /** @description The postal address */
            address: components["schemas"]["Address"] | null;
            /** @description When the e-mail address was confirmed; null if it was not */
            email_verified_at: string | null;
            /**
             * @description The name of `permissions`; `custom` if they have none
             * @example author
             * @enum {string}
             */
            role: "guest" | "author" | "editor" | "admin" | "custom";
            /**
             * @description What the user may do: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128
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
            /** @description When the user last signed in; null if never */
            last_login_at: string | null;
        };
        /**
         * UserBulkCreated
         * @description The outcome of a bulk creation
         * @example {
         *       "created": 2,
         *       "ids": [
         *         17,
         *         18
         *       ]
         *     }
         */
        UserBulkCreated: {
            /** @description How many users were created */
            created: number;
            /** @description Their numbers, in the order of the request */
            ids: number[];
        };
        /**
         * UserCreate
         * @description A user to be created
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
             * @description The name to sign in with; unique without regard to case
             * @example alice
             */
            username: string;
            /**
             * @description Unique without regard to case
             * @default null
             * @example alice@example.com
             */
            email?: string | null;
            /**
             * @description The name to show
             * @default
             * @example Alice
             */
            nickname?: string;
            /**
             * @description A few words about the person
             * @default
             */
            bio?: string;
            /**
             * @description Where the picture is: an http or https address
             * @default null
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description In years
             * @default null
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free words
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
             * @description What the user may do
             * @default author
             * @enum {string}
             */
            role?: "guest" | "author" | "editor" | "admin";
        };
        /**
         * UserPage
         * @description One page of a list of users
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
            /** @description The items of this page, in order */
            items: (components["schemas"]["User"] | components["schemas"]["UserPublic"])[];
            /** @description How many items there are in all; null when a cursor was given */
            total: number | null;
            /** @description This page; null when a cursor was given */
            page: number | null;
            /** @description How many items a page has */
            size: number;
            /** @description How many pages there are; null when a cursor was given */
            pages: number | null;
            /** @description Whether there is something after this page */
            has_next: boolean;
            /** @description Whether there is something before this page */
            has_prev: boolean;
            /** @description The cursor that goes on after this page; null at the end */
            next_cursor: string | null;
        };
        /**
         * UserPublic
         * @description What anyone may see of a user
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
             * @description The number of the user
             * @example 1
             */
            id: number;
            /**
             * @description The name to sign in with; unique without regard to case
             * @example alice
             */
            username: string;
            /**
             * @description The name to show
             * @example Alice
             */
            nickname: string;
            /** @description A few words about the person */
            bio: string;
            /**
             * @description Where the picture is: an http or https address
             * @example https://example.com/alice.png
             */
            avatar_url: string | null;
            /**
             * @description Free words
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags: string[];
            /**
             * Format: date-time
             * @description When the user was created
             * @example 2026-01-31T09:30:00.000Z
             */
            created_at: string;
        };
        /**
         * UserReplace
         * @description A user to replace the one that is there; the role stays as it is
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
         *       }
         *     }
         */
        UserReplace: {
            /**
             * @description The name to sign in with; unique without regard to case
             * @example alice
             */
            username: string;
            /**
             * @description Unique without regard to case
             * @default null
             * @example alice@example.com
             */
            email?: string | null;
            /**
             * @description The name to show
             * @default
             * @example Alice
             */
            nickname?: string;
            /**
             * @description A few words about the person
             * @default
             */
            bio?: string;
            /**
             * @description Where the picture is: an http or https address
             * @default null
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description In years
             * @default null
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free words
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
         * @description The fields to change; what is left out stays as it is
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
             * @description The name to show
             * @example Alice
             */
            nickname?: string;
            /** @description A few words about the person */
            bio?: string;
            /**
             * @description Where the picture is: an http or https address
             * @example https://example.com/alice.png
             */
            avatar_url?: string | null;
            /**
             * @description In years
             * @example 30
             */
            age?: number | null;
            /**
             * @description Free words
             * @example [
             *       "staff",
             *       "beta"
             *     ]
             */
            tags?: string[];
            /** @description The postal address */
            address?: components["schemas"]["Address"] | null;
            /**
             * @description The name to sign in with; unique without regard to case
             * @example alice
             */
            username?: string;
            /**
             * @description Unique without regard to case
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
        /** @description A fault of the service */
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
        /** @description The path or the body cannot be read, or asks for what cannot be done */
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
        /** @description Not signed in, or wrong credentials */
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
        /** @description The body is too large */
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
        /** @description Signed in, but not allowed */
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
        /** @description In conflict with what is there */
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
        /** @description The resource has been changed since it was read */
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
        /** @description There is no such resource */
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
        /** @description The upstream gave no usable answer */
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
        /** @description The upstream did not answer in time */
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
         * @description The id under which the log has the request: the one that the client sent, or a UUID
         * @example 5b9a1c1e-0f5c-4a53-8f0e-5d3c7d1a2b3c
         */
        "X-Request-ID": string;
        /**
         * @description How long the service took, in seconds
         * @example 0.0042s
         */
        "X-Response-Time": string;
        /**
         * @description Whether the answer may be kept: not at all, or, with an `ETag`, to be asked for again each time; by shared caches too, if it is `public`
         * @example no-store
         */
        "Cache-Control": string;
        /**
         * @description A cookie that is set, renewed or cleared; with several, the header comes several times
         * @example althing_session=abc.def; Path=/; HttpOnly; SameSite=Lax
         */
        "Optional-Set-Cookie": string;
        /**
         * @description How many requests the window allows
         * @example 600
         */
        "X-RateLimit-Limit": number;
        /**
         * @description How many of them are left
         * @example 599
         */
        "X-RateLimit-Remaining": number;
        /**
         * @description In how many seconds the next window begins
         * @example 60
         */
        "X-RateLimit-Reset": number;
        /**
         * @description How many requests the window allows
         * @example 600
         */
        "Optional-X-RateLimit-Limit": number;
        /**
         * @description How many of them are left
         * @example 599
         */
        "Optional-X-RateLimit-Remaining": number;
        /**
         * @description In how many seconds the next window begins
         * @example 60
         */
        "Optional-X-RateLimit-Reset": number;
        /**
         * @description The language of the sentences, chosen by `Accept-Language`
         * @example en
         */
        "Content-Language": string;
        /**
         * @description After how many seconds it is worth asking again
         * @example 2
         */
        "Retry-After": number;
        /**
         * @description Names this version of the resource (RFC 9110, section 8.8.3), for `If-None-Match` and `If-Match`
         * @example "3-full"
         */
        ETag: string;
        /**
         * @description Whether the answer was kept (`hit`), or read for this request (`miss`)
         * @example hit
         */
        "X-Cache": "hit" | "miss";
        /**
         * @description A cookie that is set, renewed or cleared; with several, the header comes several times
         * @example althing_session=abc.def; Path=/; HttpOnly; SameSite=Lax
         */
        "Set-Cookie": string;
        /**
         * @description How to prove who is asking (RFC 9110, section 11.6.1)
         * @example Bearer
         */
        "WWW-Authenticate": string;
        /**
         * @description How to prove who is asking (RFC 9110, section 11.6.1)
         * @example Bearer
         */
        "Optional-WWW-Authenticate": string;
        /**
         * @description After how many seconds it is worth asking again
         * @example 2
         */
        "Optional-Retry-After": number;
        /**
         * @description The first, previous, next and last page, as far as there are such (RFC 8288)
         * @example </api/v1/users?page=1>; rel="first", </api/v1/users?page=2>; rel="next"
         */
        Link: string;
        /**
         * @description This answer was given before, to the first request with the `Idempotency-Key`
         * @example true
         */
        "Optional-Idempotent-Replayed": "true";
        /**
         * @description Where it is that was created, or that is meant, relative to the host
         * @example /api/v1/users/7
         */
        Location: string;
        /**
         * @description That the answer is a file to be saved, and its name (RFC 6266)
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
            /** @description The process answers */
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
            /** @description The process and its database answer */
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
            /** @description The service runs */
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
            /** @description The front door of the API */
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
            /** @description What runs here */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
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
            /** @description The client has it already */
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
            /** @description The session has begun */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
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
                    "application/json": components["schemas"]["LogoutStatus"];
                };
            };
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
            /** @description Who the service takes the caller for */
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
            /** @description Proof that a request comes from a page of ours */
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
            /** @description What the rules for passwords say of one */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
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
            /** @description The new password is the password */
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
            /** @description Sent, if there is what to send */
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
            /** @description The new password is the password */
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
            /** @description Sent, if there is what to send */
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
            /** @description The address is confirmed */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
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
            /** @description A mail is on its way */
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
            /** @description What a client that holds tokens proves itself with */
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
            /** @description The token is worth nothing */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What administrators, and the user, see of a user */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
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
            /** @description The account is gone */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
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
            /** @description What administrators, and the user, see of a user */
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
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "last_seen_at" | "-last_seen_at" | "created_at" | "-created_at" | "id" | "-id";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of sign-ins */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The outcome of ending sign-ins */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The number of the sign-in
                 * @example 1001
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sign-in has ended */
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
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "id" | "-id" | "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of API keys */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
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
            /** @description The key was created */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
            };
            path: {
                /**
                 * @description The number of the key
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is gone */
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
                /** @description Finds users whose username or nickname (for administrators also the e-mail address) contains this text, without regard to case */
                q?: string;
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "id" | "-id" | "username" | "-username" | "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of users */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
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
            /** @description The user that was created */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The number of the user
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whole for administrators and the user; the public part for everyone else */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the user
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
            /** @description What administrators, and the user, see of a user */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the user
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is gone */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the user
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
            /** @description What administrators, and the user, see of a user */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The users to create: all of them, or none */
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
                "application/json": components["schemas"]["UserCreate"][];
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the user
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
            /** @description What administrators, and the user, see of a user */
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
                    "text/csv": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "posts-list": {
        parameters: {
            query?: {
                /** @description Finds posts with these words, as the search understands them; `total` then counts a thousand of them at most */
                q?: string;
                /** @description Only those with the tag of this slug */
                tag?: string;
                /** @description Only those in the category of this slug */
                category?: string;
                /** @description Only what the user of this name wrote */
                author?: string;
                /**
                 * @description Only what was published in this month (UTC)
                 * @example 2026-01
                 */
                month?: string;
                /** @description Published posts, or the drafts that you may see: your own, for editors all */
                status?: "draft" | "published";
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order: by the time of publication, by how often they were read, or by title */
                sort?: "newest" | "oldest" | "popular" | "title";
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of posts */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
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
            /** @description The post that was written */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The number of the post
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the post
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The post is in the trash */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the post
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The slug of the post
                 * @example pooling-connections
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
            /** @description The post has another slug now */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the post
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the post
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
                /** @description How many items there are at most */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The posts that were read most often, the first of them first */
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
            /** @description The client has it already */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The months in which posts were published, the newest first */
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
            /** @description The client has it already */
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
                /** @description How many items there are at most */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Those with the most published posts, the first of them first */
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
            /** @description The client has it already */
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
                /** @description How many items there are at most */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tags with the most published posts, the first of them first */
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
            /** @description The client has it already */
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
                /** @description What it is */
                kind?: "post" | "comment";
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "deleted_at" | "-deleted_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of things that were deleted */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description What it is */
                kind: "post" | "comment";
                /**
                 * @description The number of what was deleted
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is back */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
            };
            path: {
                /** @description What it is */
                kind: "post" | "comment";
                /**
                 * @description The number of what was deleted
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
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
                /** @description Only those whose name has this in it */
                q?: string;
                /** @description Only the one with this slug, if there is one */
                slug?: string;
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "name" | "-name" | "created_at" | "-created_at" | "post_count" | "-post_count";
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of categories */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
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
            /** @description The category that was created */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Its number
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A subject of posts: each post is in one category, or in none */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Its number
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
            /** @description A subject of posts: each post is in one category, or in none */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Its number
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The category is gone */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Its number
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
            /** @description A subject of posts: each post is in one category, or in none */
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
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order: by the time of publication, by how often they were read, or by title */
                sort?: "newest" | "oldest" | "popular" | "title";
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Its slug
                 * @example databases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of posts */
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
            /** @description The client has it already */
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
                /** @description Only those whose name has this in it */
                q?: string;
                /** @description Only the one with this slug, if there is one */
                slug?: string;
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "name" | "-name" | "created_at" | "-created_at" | "post_count" | "-post_count";
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of tags */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
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
            /** @description The tag that was created */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Its number
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A word that posts are marked with: each post may have several */
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Its number
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
            /** @description A word that posts are marked with: each post may have several */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Its number
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tag is gone */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description Its number
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
            /** @description A word that posts are marked with: each post may have several */
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
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order: by the time of publication, by how often they were read, or by title */
                sort?: "newest" | "oldest" | "popular" | "title";
            };
            header?: {
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description Its slug
                 * @example databases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of posts */
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
            /** @description The client has it already */
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
                /** @description Whether replies stand within the comment to which they reply, or all comments one after the other, as they are read, told apart by `parent_id` and `depth` */
                form?: "tree" | "flat";
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The number of the post
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of comments with the replies to them; what is counted are those at the top of the page */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The number of the post
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
            /** @description The comment that was written */
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
    "comments-list": {
        parameters: {
            query?: {
                /** @description Only those that everyone sees, or those that not everyone does */
                is_approved?: boolean;
                /** @description Only those that an editor decided against, or the others: with `is_approved=false` those that wait for a decision */
                is_rejected?: boolean;
                /**
                 * @description Only those on the post with this number
                 * @example 1
                 */
                post_id?: number;
                /** @description Only what the user of this name wrote */
                author?: string;
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of comments */
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
                /** @description The `ETag` that the client already has; if it is still right, the answer is 304. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The number of the comment
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
            /** @description The client has it already */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the comment
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The comment is in the trash */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the comment
                 * @example 1
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
                /** @description Whether replies stand within the comment to which they reply, or all comments one after the other, as they are read, told apart by `parent_id` and `depth` */
                form?: "tree" | "flat";
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "created_at" | "-created_at";
            };
            header?: never;
            path: {
                /**
                 * @description The number of the comment
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of comments with the replies to them; what is counted are those at the top of the page */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the comment
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
                /** @description The `ETag` of the resource as it was read. If it has been changed since, nothing is written and the answer is 412. */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The number of the comment
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
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
            /** @description The outcome of moderating many comments */
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
            413: components["responses"]["PayloadTooLarge"];
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
            /** @description The roles, and the permissions that they are made of */
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
                 * @description Words, all of which are to be found, in any form (*running* finds *run*); "quotes" for what stands together, `-` before what is not to be found, `OR` between what may be. Chinese needs no blanks. No text is wrong.
                 * @example connection pool -redis
                 */
                q: string;
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description The best first, the newest first, or what is read most often first */
                sort?: "relevance" | "date" | "popular";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of what was found */
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
                    "application/json": components["schemas"]["SearchPage"];
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
    "search-suggest": {
        parameters: {
            query: {
                /**
                 * @description What was typed so far
                 * @example conn
                 */
                q: string;
                /** @description How many suggestions at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What somebody may be about to type */
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
    "audit-list": {
        parameters: {
            query?: {
                /**
                 * @description Only what this user did
                 * @example 1
                 */
                actor_id?: number;
                /**
                 * @description Only this
                 * @example user.role
                 */
                action?: "user.create" | "user.change" | "user.delete" | "user.role" | "account.register" | "account.verify" | "account.change" | "account.email" | "account.password" | "account.reset_password" | "account.delete" | "account.sign_in_refused" | "session.begin" | "session.end" | "session.end_others" | "token.reuse" | "api_key.create" | "api_key.delete" | "post.create" | "post.change" | "post.publish" | "post.unpublish" | "post.delete" | "post.restore" | "post.purge" | "comment.change" | "comment.approve" | "comment.reject" | "comment.delete" | "comment.restore" | "comment.purge" | "category.create" | "category.change" | "category.delete" | "tag.create" | "tag.change" | "tag.delete" | "job.retry";
                /**
                 * @description Only what was done to this kind of thing
                 * @example user
                 */
                resource?: string;
                /**
                 * @description Only what was done to the thing with this number; best with `resource`
                 * @example 17
                 */
                resource_id?: string;
                /**
                 * @description Only what this request did
                 * @example 6f1c1f5e-0a55-4c1c-8f3e-2f0d3b8f9a10
                 */
                request_id?: string;
                /**
                 * @description Only what was done at this moment or later
                 * @example 2026-01-31T09:30:00.000Z
                 */
                since?: string;
                /**
                 * @description Only what was done before this moment
                 * @example 2026-01-31T09:30:00.000Z
                 */
                until?: string;
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "id" | "-id";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of entries of the audit log */
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
                /** @description Only the jobs in this state */
                state?: "waiting" | "running" | "failed";
                /** @description The page, counted from 1. A page beyond the last one is empty. */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description Walks the list from the place that a `next_cursor` names, without counting and without missing or repeating an item while others are added; `page` is then ignored. Empty: from the start. The other parameters must stay the same on the way. */
                cursor?: string;
                /** @description The order; `-` in front means descending */
                sort?: "id" | "-id";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of a list of jobs */
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
                /** @description The token of `GET /api/v1/auth/csrf`; needed when the session cookie is sent */
                "x-csrf-token"?: string;
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description The number of the job
                 * @example 1001
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job, which waits now */
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
    "playground-sum": {
        parameters: {
            query?: {
                /** @description The last number of the sum */
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
                 * @description The amount, positive
                 * @example 99.95
                 */
                amount: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A number out of the path */
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
                 * @description The rest of the path; it may hold slashes, as they are or as `%2F`
                 * @example reports/q4.pdf
                 */
                subpath: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A path within the path */
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
                 * @description Values separated by commas
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
            /** @description A list out of the path */
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
                 * @description Three numbers with dots between them
                 * @example 1.2.3
                 */
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A text of a certain form out of the path */
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
                 * @description One of the pages that there are
                 * @example about
                 */
                page: "about" | "contact" | "help";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One of several choices out of the path */
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
            /** @description A UUID out of the path */
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
                /** @description Any text; null if left out */
                q?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The number of the item
                 * @example 1
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A number out of the path and a text out of the query */
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
                 * @description The number of the post
                 * @example 1
                 */
                id: number;
                /**
                 * @description The number of the comment
                 * @example 1
                 */
                cid: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Two numbers out of a nested path */
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
                 * @description A name
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
                /** @description A text with a default */
                q?: string;
                /** @description A number from 1 (ge) to 1000 (le) */
                page?: number;
                /** @description A text that has to match a pattern */
                sort?: string;
                /** @description May be repeated: `tag=a&tag=b` */
                tag?: string[];
                /** @description A text of 3 to 10 characters, without a default */
                code?: string;
                /** @description A number above 0 (gt) and below 1 (lt) */
                ratio?: number;
                /**
                 * @deprecated
                 * @description The former name of `q`, which is used where `q` is empty
                 */
                keyword?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The query as it was understood */
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
                 * @description What to look for; required
                 * @example fastify
                 */
                q: string;
                /** @description The page, counted from 1 */
                page?: number;
                /** @description How many items a page has */
                size?: number;
                /** @description The order */
                sort?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A search as it was understood */
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
                 * @description Whom to greet, in any script
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
            /** @description What the service knows while it answers */
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
            /** @description A request as it has arrived, without secrets */
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
            /** @description A request as it has arrived, without secrets */
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
            /** @description A request as it has arrived, without secrets */
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
            /** @description A request as it has arrived, without secrets */
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
            /** @description A request as it has arrived, without secrets */
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
            /** @description The request in plain text */
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
            /** @description The request in plain text */
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
            /** @description The request in plain text */
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
            /** @description The request in plain text */
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
            /** @description The request in plain text */
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
            /** @description What the headers say about the client */
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
                /**
                 * @description A cookie of any value
                 * @example abc123
                 */
                session_id?: string;
            };
        };
        requestBody?: never;
        responses: {
            /** @description The cookies that came along */
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
            /** @description A form as it was understood */
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
            /** @description JSON as it was understood: defaults filled in, unknown fields dropped */
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
                /** @description Makes the request safe to repeat: for 24 hours the same key gets the first answer again, with `Idempotent-Replayed: true`, and nothing is done twice. */
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
            /** @description As if it had been created */
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
            /** @description A calculation with its result */
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
            /** @description Plain text */
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
                /** @description Whether the JSON is indented, to be read by people */
                pretty?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Some JSON */
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
            /** @description As if something had been created */
            201: {
                headers: {
                    "X-Request-ID": components["headers"]["X-Request-ID"];
                    "X-Response-Time": components["headers"]["X-Response-Time"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "Set-Cookie": components["headers"]["Optional-Set-Cookie"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    /** @description A header that no standard knows */
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
            /** @description There is nothing to say */
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
            /** @description The cookie is set */
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
            /** @description What a client that follows gets */
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
            /** @description The text is elsewhere */
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
            /** @description A sentence */
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
                /** @description What 1000 is divided by; with 0 the service fails */
                divisor?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A division that went well */
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
            /** @description Whatever JSON the upstream has answered */
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
            /** @description How to talk with the echo */
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
