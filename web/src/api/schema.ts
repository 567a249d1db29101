// Generated from the server's OpenAPI document. Do not edit: npm run schema.
export interface paths {
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Alerts by time
         * @description Needs the role viewer.
         */
        get: operations["list-alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One alert with its evidence
         * @description Needs the role viewer.
         */
        get: operations["get-alert"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/provenance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where an alert came from, what its intrusion did, and the five answers
         * @description Needs the role viewer.
         */
        get: operations["get-alert-provenance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One's tokens for programs; an admin sees all
         * @description Needs the role viewer.
         */
        get: operations["list-api-tokens"];
        put?: never;
        /**
         * Make a token for a program
         * @description Needs the role viewer.
         */
        post: operations["add-api-token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-tokens/{id}": {
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
         * End a token
         * @description Needs the role viewer.
         */
        delete: operations["remove-api-token"];
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
         * The audit log
         * @description Needs the role admin.
         */
        get: operations["list-audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Analysts' decisions about incidents, withdrawn ones included, by time
         * @description Needs the role viewer.
         */
        get: operations["list-decisions"];
        put?: never;
        /**
         * Merge, split, move, demote, reject, confirm or close
         * @description Needs the role analyst.
         */
        post: operations["decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decisions/{id}": {
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
         * Withdraw a decision: what it did is undone
         * @description Needs the role analyst.
         */
        delete: operations["withdraw-decision"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was collected of hosts, and what they were asked for
         * @description Needs the role analyst.
         */
        get: operations["list-evidence"];
        put?: never;
        /**
         * Collect a file, an image or facts of a process, and wait for it a while
         * @description Needs the role responder.
         */
        post: operations["collect-evidence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evidence/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One with its chain of custody
         * @description Needs the role analyst.
         */
        get: operations["get-evidence"];
        put?: never;
        post?: never;
        /**
         * Remove the content; the record stays
         * @description Needs the role admin.
         */
        delete: operations["remove-evidence"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evidence/{id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The content as it was on the host
         * @description Needs the role responder.
         */
        get: operations["export-evidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exception-proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Exceptions that the server proposes: frequent on many hosts, at most of level medium
         * @description Needs the role analyst.
         */
        get: operations["list-proposals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exception-proposals/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a proposal an exception
         * @description Needs the role responder.
         */
        post: operations["accept-proposal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exception-proposals/{id}/dismiss": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Want no exception of a proposal
         * @description Needs the role responder.
         */
        post: operations["dismiss-proposal"];
        /**
         * Take a dismissal back
         * @description Needs the role responder.
         */
        delete: operations["reconsider-proposal"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exceptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Exceptions, ended ones included, by time
         * @description Needs the role viewer.
         */
        get: operations["list-exceptions"];
        put?: never;
        /**
         * Put an exception in force
         * @description Needs the role responder.
         */
        post: operations["add-exception"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exceptions/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What an exception would have hidden of stored alerts
         * @description Needs the role analyst.
         */
        post: operations["preview-exception"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exceptions/{id}": {
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
         * End an exception before its time
         * @description Needs the role responder.
         */
        delete: operations["remove-exception"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exceptions/{id}/hidden": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The latest firings that an exception hid
         * @description Needs the role viewer.
         */
        get: operations["list-hidden-firings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The engine's log: one event a line, in order
         * @description Needs the role analyst.
         */
        get: operations["export-log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Hosts by id
         * @description Needs the role viewer.
         */
        get: operations["list-hosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One host with the health of its sensor
         * @description Needs the role viewer.
         */
        get: operations["get-host"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A host's raw events before and after a time or an event
         * @description Needs the role analyst.
         */
        get: operations["list-host-events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/ping": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a signed command that does nothing
         * @description Needs the role responder.
         */
        post: operations["ping-host"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/probes/attach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a probe into a process of a host, and wait until it is active
         * @description Needs the role responder.
         */
        post: operations["attach-probe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/probes/detach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take the probe out of a process of a host, and wait until it is out
         * @description Needs the role responder.
         */
        post: operations["detach-probe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/probes/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a host say which processes a probe is in, or can be put into
         * @description Needs the role analyst.
         */
        post: operations["list-probes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a host list what can be undone there, by its own account
         * @description Needs the role analyst.
         */
        post: operations["host-records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a host's identity for good
         * @description Needs the role admin.
         */
        post: operations["revoke-host"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}/stat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a host look at a file now, and wait for what it sees
         * @description Needs the role analyst.
         */
        post: operations["stat-host"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Incidents by the time they were opened
         * @description Needs the role viewer.
         */
        get: operations["list-incidents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One incident; of one that was merged, the incident it became part of
         * @description Needs the role viewer.
         */
        get: operations["get-incident"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The alerts of an incident by time
         * @description Needs the role viewer.
         */
        get: operations["list-incident-alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/processes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The processes that the incident's evidence shows, as a forest
         * @description Needs the role viewer.
         */
        get: operations["list-incident-processes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/intrusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One intrusion; of one that was merged, the intrusion it became part of
         * @description Needs the role viewer.
         */
        get: operations["get-intrusion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/intrusions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Intrusions by the time they were opened
         * @description Needs the role viewer.
         */
        get: operations["list-intrusions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Service, owner and group of hosts and images, by kind and match
         * @description Needs the role viewer.
         */
        get: operations["list-labels"];
        /**
         * Give labels to hosts or images, instead of those that the same match had
         * @description Needs the role admin.
         */
        put: operations["assign-labels"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labels/{id}": {
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
         * Take labels from hosts or images
         * @description Needs the role admin.
         */
        delete: operations["remove-labels"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open a session */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the session
         * @description Needs the role viewer.
         */
        post: operations["logout"];
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
         * Who makes this call
         * @description Needs the role viewer.
         */
        get: operations["get-me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the own password; all other sessions end
         * @description Needs the role viewer.
         */
        put: operations["set-my-password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reasons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reasons that analysts have confirmed or rejected, and what they weigh since
         * @description Needs the role viewer.
         */
        get: operations["list-reasons"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What hosts were told to do in response, by time
         * @description Needs the role viewer.
         */
        get: operations["list-responses"];
        put?: never;
        /**
         * Have a host freeze, kill, quarantine or revert now, and wait for it a while
         * @description Needs the role responder.
         */
        post: operations["respond"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a host say what an action would do now; nothing is changed
         * @description Needs the role analyst.
         */
        post: operations["preview-response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Propose an action for a responder to approve
         * @description Needs the role analyst.
         */
        post: operations["propose-response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One action with what came of it
         * @description Needs the role viewer.
         */
        get: operations["get-response"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve a proposal: it is done
         * @description Needs the role responder.
         */
        post: operations["approve-response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo an action
         * @description Needs the role responder.
         */
        post: operations["undo-response"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses/{id}/undo/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a host say what undoing would do now
         * @description Needs the role analyst.
         */
        post: operations["preview-undo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-packs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Packs of rules, with the report of their load
         * @description Needs the role viewer.
         */
        get: operations["list-rule-packs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-packs/reload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take in the packs in the server's directory
         * @description Needs the role admin.
         */
        post: operations["reload-rule-packs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-packs/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make files the newest version of a pack
         * @description Needs the role admin.
         */
        put: operations["push-rule-pack"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-packs/{name}/enabled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a whole pack in force, or take it out
         * @description Needs the role admin.
         */
        post: operations["enable-rule-pack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-packs/{name}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an earlier version of a pack the one that counts
         * @description Needs the role admin.
         */
        post: operations["restore-rule-pack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rule-packs/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions of a pack, latest first
         * @description Needs the role viewer.
         */
        get: operations["list-pack-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rules with their hits in the last day
         * @description Needs the role viewer.
         */
        get: operations["list-rules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/enabled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put one rule in force, or take it out
         * @description Needs the role admin.
         */
        post: operations["enable-rule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The file that holds a rule
         * @description Needs the role viewer.
         */
        get: operations["get-rule-source"];
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
         * Hosts, coverage, loss and lag
         * @description Needs the role viewer.
         */
        get: operations["get-status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Changes as server-sent events: incident, intrusion, alert, host; merge says which incident became part of which, and why; resync says to read everything again
         * @description Needs the role viewer.
         */
        get: operations["stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a token that enrols hosts
         * @description Needs the role admin.
         */
        post: operations["add-enrol-token"];
        delete?: never;
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
         * Users by name
         * @description Needs the role admin.
         */
        get: operations["list-users"];
        put?: never;
        /**
         * Add a user
         * @description Needs the role admin.
         */
        post: operations["add-user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{name}": {
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
         * Remove a user with sessions and tokens
         * @description Needs the role admin.
         */
        delete: operations["remove-user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{name}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set a user's password; all sessions of the user end
         * @description Needs the role admin.
         */
        put: operations["set-password"];
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
        ActionBody: {
            /** @enum {string} */
            action: "freeze" | "kill" | "quarantine" | "revert";
            /** @description Id of the container that the path is in */
            container?: string;
            host: string;
            /** @description That it is for */
            incident?: string;
            /** @description What the process executes, or the file, that is meant; a dry run tells it */
            inode?: string;
            /** @description Of revert: the lines to remove, as events tell them */
            lines?: string[] | null;
            /** @description Of quarantine and revert: absolute */
            path?: string;
            /** @description Of freeze and kill: the root of the tree */
            process?: string;
            /** @description Why; needed unless it is a dry run */
            reason?: string;
            /** @description Of quarantine: the content that is meant; a dry run tells it */
            sha256?: string;
        };
        AddExceptionInputBody: {
            /** @description Ids or names of hosts, * for any text; none for any host */
            hosts?: string[] | null;
            /** @description A duration like 168h, at most 90 days */
            life: string;
            /** @description Who answers for it; who adds it where empty */
            owner?: string;
            reason: string;
            /** @description Ids of rules; none for any rule */
            rules?: string[] | null;
            /** @description YAML: a selection in Sigma's syntax; empty for any event */
            selection?: string;
        };
        AddUserInputBody: {
            /** @description Lower-case letters, digits, dot, dash and underscore */
            name: string;
            /** @description Empty for a one-time password in the answer */
            password?: string;
            /** @enum {string} */
            role: "viewer" | "analyst" | "responder" | "admin";
        };
        Alert: {
            context?: string;
            /** Format: int64 */
            contributing?: number;
            /** Format: int64 */
            count?: number;
            entities?: components["schemas"]["AlertEntity"][] | null;
            event?: components["schemas"]["Event"];
            evidence?: components["schemas"]["Event"][] | null;
            group?: components["schemas"]["AlertGroupValue"][] | null;
            host: components["schemas"]["EventHost"];
            id: string;
            image?: string;
            incident?: string;
            intrusion?: string;
            kind?: string;
            labels?: components["schemas"]["Labels"];
            /** Format: date-time */
            last?: string;
            lineage?: string;
            org?: string;
            path?: components["schemas"]["ProvenanceGraph"];
            recent?: components["schemas"]["AlertRepeat"][] | null;
            /** Format: int64 */
            revision?: number;
            rule?: components["schemas"]["AlertRule"];
            /** Format: int64 */
            score?: number;
            service?: string;
            stages?: components["schemas"]["ProvenanceStage"][] | null;
            /** Format: date-time */
            time: string;
        };
        AlertEntity: {
            inode?: string;
            /** Format: int32 */
            port?: number;
            role?: string;
            type: string;
            value: string;
        };
        AlertGroupValue: {
            field: string;
            value: string;
        };
        AlertProvenance: {
            alert: string;
            answers: {
                [key: string]: components["schemas"]["ProvenanceAnswer"];
            };
            graph: components["schemas"]["ProvenanceGraph"];
            intrusion?: components["schemas"]["ProvenanceIntrusion"];
        };
        AlertRepeat: {
            boot?: string;
            command_line?: string;
            /** Format: int64 */
            count?: number;
            lineage?: string;
            process?: string;
            /** Format: int64 */
            seq?: number;
            /** Format: date-time */
            time: string;
        };
        AlertRule: {
            id?: string;
            level?: string;
            tactics?: string[] | null;
            techniques?: string[] | null;
            title?: string;
        };
        ApiTokenInputBody: {
            /**
             * @description A duration like 24h, at most a year
             * @default 720h
             */
            life: string;
            name: string;
            /**
             * @description It may do at most this, and what its user may
             * @default viewer
             * @enum {string}
             */
            role: "viewer" | "analyst" | "responder" | "admin";
            /** @description Whom it acts for: oneself, and others for an admin */
            user?: string;
        };
        AssignInputBody: {
            group?: string;
            /** @enum {string} */
            kind: "host" | "image";
            /** @description Id or name of hosts, or name of images; * stands for any text */
            match: string;
            owner?: string;
            service?: string;
        };
        Assignment: {
            /** Format: date-time */
            at: string;
            by?: string;
            group?: string;
            id: string;
            kind: string;
            match: string;
            org?: string;
            owner?: string;
            service?: string;
        };
        AuditEntry: {
            action: string;
            actor: string;
            detail?: string;
            /** Format: int64 */
            id: number;
            source: string;
            /** Format: int64 */
            status: number;
            target?: string;
            /** Format: date-time */
            time: string;
        };
        Class: {
            class: string;
            /** Format: int64 */
            lost: number;
            /** Format: int64 */
            seen: number;
            state: string;
        };
        CollectInputBody: {
            /** @description That it is wanted for */
            alert?: string;
            /** @description Id of the container that the path is in */
            container?: string;
            host: string;
            /** @description The file that is meant; another is not taken */
            inode?: string;
            path?: string;
            /** @description Key of the process */
            process?: string;
            /** @description The content that is meant; other content is not taken */
            sha256?: string;
            /**
             * @description A file by its path, what a process executes, or its memory map and redacted environment
             * @enum {string}
             */
            what: "file" | "image" | "process";
        };
        Count: {
            /** Format: int64 */
            alerts: number;
            /** Format: int64 */
            firings: number;
            id: string;
            name?: string;
        };
        CountedRule: {
            enabled: boolean;
            file: string;
            /** Format: int64 */
            hits: number;
            in_force: boolean;
            level?: string;
            /** Format: int64 */
            line: number;
            logsource: string;
            pack: string;
            rule: string;
            tactics?: string[] | null;
            techniques?: string[] | null;
            title: string;
        };
        Custody: {
            alert?: string;
            /** Format: date-time */
            asked: string;
            by: string;
            /** Format: date-time */
            collected?: string;
            container?: string;
            detail?: string;
            host: string;
            id: string;
            inode?: string;
            mode?: string;
            /** Format: date-time */
            mtime?: string;
            path?: string;
            process?: string;
            sha256?: string;
            /** Format: int64 */
            size: number;
            state: string;
            uses: components["schemas"]["EvidenceAccess"][];
            what: string;
        };
        DecideInputBody: {
            /** @description Of split and move: alerts of the incident */
            alerts?: string[] | null;
            /** @description Of demote */
            entity?: components["schemas"]["EntityStruct"];
            /** @description What was looked at; may be left out of a demotion */
            incident?: string;
            /** @enum {string} */
            kind: "demote" | "reject" | "confirm" | "split" | "move" | "merge" | "close";
            /** @description Why */
            note?: string;
            /** @description Of reject and confirm: the reason's entity */
            of?: string;
            /** @description Of reject and confirm: the name of a reason */
            reason?: string;
            /**
             * @description Of close
             * @enum {string}
             */
            verdict?: "intrusion" | "benign" | "false_alarm" | "test";
            /** @description Of merge and move: the other incident */
            with?: string;
        };
        Decision: {
            alerts?: string[] | null;
            /** Format: date-time */
            at: string;
            by?: string;
            entity?: components["schemas"]["AlertEntity"];
            from?: string[] | null;
            id: string;
            incident?: string;
            into?: string;
            kind: string;
            note?: string;
            of?: string;
            org?: string;
            reason?: string;
            verdict?: string;
            /** Format: date-time */
            withdrawn?: string;
            withdrawn_by?: string;
        };
        EnablePackInputBody: {
            enabled: boolean;
        };
        EnableRuleInputBody: {
            enabled: boolean;
            /** @description Id of the rule, or PACK/FILE where it has none */
            rule: string;
        };
        EnrolInputBody: {
            /**
             * @description A duration like 24h, at most a year
             * @default 1h
             */
            life: string;
            /**
             * Format: int64
             * @description Hosts it may enrol
             * @default 1
             */
            uses: number;
        };
        EnrolToken: {
            /** Format: date-time */
            expires: string;
            token: string;
            /** Format: int64 */
            uses: number;
        };
        EntityStruct: {
            /** @description Of a file */
            inode?: string;
            type: string;
            value: string;
        };
        ErrorDetail: {
            /** @description Where the error occurred, e.g. 'body.items[3].tags' or 'path.thing-id' */
            location?: string;
            /** @description Error message text */
            message?: string;
            /** @description The value at the given location */
            value?: unknown;
        };
        ErrorModel: {
            /**
             * @description A human-readable explanation specific to this occurrence of the problem.
             * @example Property foo is required but is missing.
             */
            detail?: string;
            /** @description Optional list of individual error details */
            errors?: components["schemas"]["ErrorDetail"][] | null;
            /**
             * Format: uri
             * @description A URI reference that identifies the specific occurrence of the problem.
             * @example https://example.com/error-log/abc123
             */
            instance?: string;
            /**
             * Format: int64
             * @description HTTP status code
             * @example 400
             */
            status?: number;
            /**
             * @description A short, human-readable summary of the problem type. This value should not change between occurrences of the error.
             * @example Bad Request
             */
            title?: string;
            /**
             * Format: uri
             * @description A URI reference to human-readable documentation for the error.
             * @default about:blank
             * @example https://example.com/errors/example
             */
            type: string;
        };
        Event: {
            access?: components["schemas"]["EventAccess"];
            action?: components["schemas"]["EventAction"];
            boot?: string;
            change?: components["schemas"]["EventAccountChange"];
            container?: components["schemas"]["EventContainer"];
            /** Format: int64 */
            count?: number;
            coverage?: components["schemas"]["EventCoverage"];
            destination?: components["schemas"]["EventEndpoint"];
            dns?: components["schemas"]["EventDNS"];
            file?: components["schemas"]["EventFile"];
            host?: components["schemas"]["EventHost"];
            http?: components["schemas"]["EventHTTP"];
            ingest?: components["schemas"]["EventIngest"];
            kind: string;
            log?: components["schemas"]["EventLog"];
            message?: string;
            network?: components["schemas"]["EventNetwork"];
            operation?: components["schemas"]["EventOperation"];
            org?: string;
            probe?: components["schemas"]["EventProbe"];
            process?: components["schemas"]["EventProcess"];
            /** Format: int64 */
            result?: number;
            /** Format: int64 */
            seq?: number;
            source?: components["schemas"]["EventEndpoint"];
            stack?: components["schemas"]["EventStack"];
            target?: components["schemas"]["EventProcess"];
            /** Format: date-time */
            time: string;
            url?: components["schemas"]["EventURL"];
            user_agent?: components["schemas"]["EventUserAgent"];
            via?: string;
        };
        EventAccess: {
            by?: components["schemas"]["EventAccount"];
            command?: string;
            domain?: string;
            fingerprint?: string;
            method?: string;
            outcome?: string;
            reason?: string;
            service?: string;
            session?: string;
            tty?: string;
            unknown_user?: boolean;
            user?: components["schemas"]["EventAccount"];
            working_directory?: string;
        };
        EventAccount: {
            /** Format: int32 */
            id?: number;
            name?: string;
        };
        EventAccountChange: {
            account?: components["schemas"]["EventAccount"];
            action: string;
            by?: components["schemas"]["EventAccount"];
            group?: components["schemas"]["EventAccount"];
            home?: string;
            shell?: string;
        };
        EventAction: {
            detail?: string;
            id: string;
            name: string;
            state: string;
        };
        EventContainer: {
            id?: string;
            image?: components["schemas"]["EventName"];
            labels?: {
                [key: string]: string;
            };
            name?: string;
            pod?: components["schemas"]["EventPod"];
            runtime?: string;
            state: string;
        };
        EventContext: {
            id: string;
            kind: string;
            parent?: string;
            root?: string;
            service?: string;
        };
        EventCoverage: {
            class: string;
            /** Format: int64 */
            coalesced?: number;
            /** Format: int64 */
            filtered?: number;
            /** Format: date-time */
            from: string;
            /** Format: int64 */
            lost: number;
            reason?: string;
            state: string;
            /** Format: int64 */
            throttled?: number;
            /** Format: date-time */
            to: string;
        };
        EventDNS: {
            answers?: string[] | null;
            question: components["schemas"]["EventDNSQuestion"];
            /** Format: int64 */
            rcode?: number;
        };
        EventDNSQuestion: {
            name: string;
            type?: string;
        };
        EventDescriptor: {
            path?: string;
            remote?: components["schemas"]["EventEndpoint"];
            type: string;
        };
        EventDiff: {
            added?: string[] | null;
            removed?: string[] | null;
            state: string;
            truncated?: boolean;
        };
        EventEndpoint: {
            /** Format: ip */
            ip?: string;
            /** Format: int32 */
            port?: number;
        };
        EventFile: {
            access?: string;
            attribute?: string;
            change?: string;
            diff?: components["schemas"]["EventDiff"];
            from_user?: boolean;
            hash?: components["schemas"]["EventHash"];
            inode?: string;
            mode?: string;
            mount?: string;
            origin?: string;
            path?: string;
            sensitive?: string;
            /** Format: int64 */
            size?: number;
            target?: components["schemas"]["EventFile"];
            type?: string;
        };
        EventFrame: {
            business?: boolean;
            class: string;
            descriptor?: string;
            file?: string;
            /** Format: int64 */
            line?: number;
            method: string;
            /** Format: int32 */
            origin?: number;
        };
        EventHTTP: {
            request?: components["schemas"]["EventHTTPRequest"];
            response?: components["schemas"]["EventHTTPResponse"];
            version?: string;
        };
        EventHTTPBody: {
            /** Format: int64 */
            bytes?: number;
        };
        EventHTTPRequest: {
            method?: string;
            referrer?: string;
            user?: string;
        };
        EventHTTPResponse: {
            body?: components["schemas"]["EventHTTPBody"];
            /** Format: int32 */
            status_code?: number;
        };
        EventHash: {
            sha256?: string;
            state?: string;
        };
        EventHost: {
            id: string;
            name?: string;
        };
        EventImage: {
            deleted: boolean;
            detached?: boolean;
            foreign?: boolean;
            inode?: string;
            memfd: boolean;
            tmpfs: boolean;
        };
        EventIngest: {
            /** Format: int64 */
            bus: number;
            /** Format: date-time */
            received: string;
            /** Format: int64 */
            skew_ms?: number;
        };
        EventLog: {
            fields?: {
                [key: string]: string;
            };
            file?: components["schemas"]["EventLogPath"];
            sender?: components["schemas"]["EventSender"];
            service?: string;
            source: string;
            syslog?: components["schemas"]["EventSyslog"];
            truncated?: boolean;
            unit?: string;
        };
        EventLogPath: {
            path: string;
        };
        EventName: {
            digest?: string;
            name?: string;
        };
        EventNetwork: {
            /** Format: int64 */
            bytes_in?: number;
            /** Format: int64 */
            bytes_out?: number;
            /** Format: int64 */
            cookie?: number;
            initiated?: boolean;
            /** Format: int64 */
            netns?: number;
            transport?: string;
        };
        EventOperation: {
            flags?: string[] | null;
            name: string;
            object?: string;
            type?: string;
        };
        EventOrigin: {
            evidence?: string[] | null;
            kind: string;
            loader?: string;
            resource?: string;
            source?: string;
        };
        EventPod: {
            name?: string;
            namespace?: string;
            uid?: string;
        };
        EventProbe: {
            arguments?: components["schemas"]["EventProbeArgument"][] | null;
            breadcrumbs?: components["schemas"]["EventProbeArgument"][] | null;
            hook?: string;
            id?: string;
            /** Format: int64 */
            number?: number;
            overflow?: boolean;
            point?: string;
            reason?: string;
            runtime?: string;
            state?: string;
            thread?: components["schemas"]["EventThread"];
            version?: string;
        };
        EventProbeArgument: {
            name: string;
            value: string;
        };
        EventProcess: {
            agent?: boolean;
            ancestors?: components["schemas"]["EventProcess"][] | null;
            args?: string[] | null;
            args_truncated?: boolean;
            command_line?: string;
            context?: components["schemas"]["EventContext"];
            effective_user?: components["schemas"]["EventUser"];
            env?: {
                [key: string]: string;
            };
            exe?: components["schemas"]["EventImage"];
            /** Format: int32 */
            exec?: number;
            executable?: string;
            /** Format: int64 */
            exit_code?: number;
            hash?: components["schemas"]["EventHash"];
            kernel_thread?: boolean;
            key?: string;
            /** Format: int32 */
            login_uid?: number;
            name?: string;
            old_command_line?: string;
            old_name?: string;
            parent?: components["schemas"]["EventProcess"];
            /** Format: int32 */
            pid?: number;
            /** Format: int32 */
            redacted?: number;
            script?: string;
            server?: boolean;
            /** Format: int32 */
            session?: number;
            /** Format: date-time */
            start?: string;
            stderr?: components["schemas"]["EventDescriptor"];
            stdin?: components["schemas"]["EventDescriptor"];
            stdout?: components["schemas"]["EventDescriptor"];
            tty?: string;
            user?: components["schemas"]["EventUser"];
            working_directory?: string;
        };
        EventSender: {
            executable?: string;
            /** Format: int32 */
            pid?: number;
            user?: components["schemas"]["EventUser"];
        };
        EventStack: {
            business_hash?: string;
            /** Format: int32 */
            dropped?: number;
            frames: components["schemas"]["EventFrame"][] | null;
            hash: string;
            origins?: components["schemas"]["EventOrigin"][] | null;
        };
        EventSyslog: {
            appname?: string;
            facility?: components["schemas"]["EventSyslogName"];
            hostname?: string;
            procid?: string;
            severity?: components["schemas"]["EventSyslogName"];
        };
        EventSyslogName: {
            name: string;
        };
        EventThread: {
            /** Format: int32 */
            id?: number;
            name?: string;
            virtual?: boolean;
        };
        EventURL: {
            domain?: string;
            original?: string;
            path?: string;
            query?: string;
        };
        EventUser: {
            /** Format: int32 */
            id: number;
            name?: string;
        };
        EventUserAgent: {
            original: string;
        };
        Evidence: {
            alert?: string;
            /** Format: date-time */
            asked: string;
            by: string;
            /** Format: date-time */
            collected?: string;
            container?: string;
            detail?: string;
            host: string;
            id: string;
            inode?: string;
            mode?: string;
            /** Format: date-time */
            mtime?: string;
            path?: string;
            process?: string;
            sha256?: string;
            /** Format: int64 */
            size: number;
            state: string;
            what: string;
        };
        EvidenceAccess: {
            action: string;
            actor: string;
            /** Format: date-time */
            time: string;
        };
        Exception: {
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            expires: string;
            /** Format: int64 */
            hits: number;
            hosts?: string[] | null;
            id: string;
            /** Format: date-time */
            last_hit?: string;
            owner: string;
            reason: string;
            /** Format: date-time */
            removed?: string;
            removed_by?: string;
            rules?: string[] | null;
            selection?: string;
            /** @enum {string} */
            state: "active" | "expired" | "removed";
        };
        Firing: {
            event: components["schemas"]["Event"];
            exception: string;
            /** Format: int64 */
            hits: number;
            host: components["schemas"]["EventHost"];
            rule: components["schemas"]["AlertRule"];
            /** Format: date-time */
            time: string;
        };
        Hook: {
            attached: boolean;
            error: string;
            name: string;
        };
        Host: {
            armed: boolean;
            boot: string;
            classes: components["schemas"]["Class"][];
            connected: boolean;
            /** Format: double */
            cpu_seconds: number;
            /** Format: date-time */
            enrolled?: string;
            hooks: components["schemas"]["Hook"][];
            id: string;
            kernel: string;
            labels: components["schemas"]["Labels"];
            /** Format: date-time */
            last_seen?: string;
            name: string;
            org: string;
            /** Format: int64 */
            processes: number;
            revoked: boolean;
            /** Format: int64 */
            rss_bytes: number;
            scope: string;
            /** Format: int64 */
            spool_bytes: number;
            /** Format: int32 */
            tier: number;
            version: string;
        };
        Incident: {
            account: string;
            account_zh?: string;
            alerts: string[] | null;
            answers?: {
                [key: string]: components["schemas"]["ProvenanceAnswer"];
            };
            campaign?: string;
            /** Format: int64 */
            count?: number;
            entities: components["schemas"]["AlertEntity"][] | null;
            hosts: components["schemas"]["EventHost"][] | null;
            id: string;
            intrusions?: string[] | null;
            labels?: components["schemas"]["Labels"][] | null;
            level?: string;
            merged_into?: string;
            /** Format: int64 */
            more_siblings?: number;
            /** Format: date-time */
            opened: string;
            org?: string;
            reasons: components["schemas"]["IncidentReason"][] | null;
            recurrence_of?: string;
            related?: string[] | null;
            /** Format: int64 */
            revision?: number;
            /** Format: int64 */
            score: number;
            siblings?: components["schemas"]["Sibling"][] | null;
            status: string;
            tactics: string[] | null;
            title: string;
            /** Format: date-time */
            updated: string;
            verdict?: string;
        };
        IncidentDecision: {
            alerts?: string[] | null;
            /** Format: date-time */
            at: string;
            by?: string;
            entity?: components["schemas"]["AlertEntity"];
            from?: string[] | null;
            id: string;
            incident?: string;
            into?: string;
            kind: string;
            note?: string;
            of?: string;
            org?: string;
            reason?: string;
            verdict?: string;
        };
        IncidentReason: {
            a: string;
            b: string;
            entity?: string;
            reason: string;
            /** Format: double */
            weight: number;
        };
        IncidentTaught: {
            /** Format: int64 */
            confirmed: number;
            reason: string;
            /** Format: int64 */
            rejected: number;
            /** Format: double */
            was: number;
            /** Format: double */
            weight: number;
        };
        ItemsAlert: {
            items: components["schemas"]["Alert"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsAssignment: {
            items: components["schemas"]["Assignment"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsAuditEntry: {
            items: components["schemas"]["AuditEntry"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsCountedRule: {
            items: components["schemas"]["CountedRule"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsDecision: {
            items: components["schemas"]["Decision"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsEvidence: {
            items: components["schemas"]["Evidence"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsException: {
            items: components["schemas"]["Exception"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsFiring: {
            items: components["schemas"]["Firing"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsHost: {
            items: components["schemas"]["Host"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsIncident: {
            items: components["schemas"]["Incident"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsIntrusion: {
            items: components["schemas"]["ProvenanceIntrusion"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsPack: {
            items: components["schemas"]["Pack"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsProcess: {
            items: components["schemas"]["Process"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsProposal: {
            items: components["schemas"]["Proposal"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsResponseAction: {
            items: components["schemas"]["ResponseAction"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsTaught: {
            items: components["schemas"]["IncidentTaught"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsToken: {
            items: components["schemas"]["Token"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsUser: {
            items: components["schemas"]["User"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        ItemsVersion: {
            items: components["schemas"]["Version"][];
            /** @description Cursor of the next page; empty after the last */
            next: string;
        };
        Labels: {
            group?: string;
            owner?: string;
            service?: string;
        };
        LoginInputBody: {
            password: string;
            user: string;
        };
        Me: {
            name: string;
            org: string;
            password_set: boolean;
            role: string;
        };
        Member: {
            container?: string;
            executable?: string;
            inode?: string;
            key: string;
            name: string;
        };
        NearbyEvents: {
            /** Format: int64 */
            at: number;
            earlier: boolean;
            items: components["schemas"]["Event"][];
            later: boolean;
        };
        Pack: {
            author: string;
            /** Format: date-time */
            created: string;
            digest: string;
            enabled: boolean;
            name: string;
            report: components["schemas"]["Report"];
            source: string;
            /**
             * Format: int64
             * @description Number of the version
             */
            version: number;
        };
        PasswordInputBody: {
            /** @description Needed where a password is set */
            current?: string;
            new: string;
        };
        Preview: {
            /** Format: int64 */
            alerts: number;
            /** Format: int64 */
            firings: number;
            hosts: components["schemas"]["Count"][];
            more: boolean;
            rules: components["schemas"]["Count"][];
            samples: components["schemas"]["Alert"][];
            /** Format: int64 */
            scanned: number;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            until: string;
        };
        PreviewInputBody: {
            /** @description Ids or names of hosts, * for any text; none for any host */
            hosts?: string[] | null;
            /** @description Ids of rules; none for any rule */
            rules?: string[] | null;
            /** @description YAML: a selection in Sigma's syntax; empty for any event */
            selection?: string;
            /**
             * @description Fired at or after: RFC 3339, or a duration back from now
             * @default 168h
             */
            since: string;
            /** @description Fired before: RFC 3339, or a duration back from now; empty for now */
            until?: string;
        };
        Probe: {
            command?: string;
            container?: string;
            executable?: string;
            health?: components["schemas"]["ProbeHealth"];
            hooks?: components["schemas"]["ProbeHook"][] | null;
            message?: string;
            process: string;
            reason?: string;
            runtime: string;
            /** Format: date-time */
            since?: string;
            state: string;
            /** Format: int32 */
            user: number;
            version?: string;
        };
        ProbeHealth: {
            breaker?: string;
            /** Format: int64 */
            calls: number;
            configuration?: string;
            /** Format: int64 */
            cpu_ns: number;
            /** Format: int64 */
            events: number;
            /** Format: int64 */
            heap_max: number;
            /** Format: int64 */
            heap_used: number;
            /** Format: date-time */
            heard: string;
            /** Format: int64 */
            lost: number;
            /** Format: int64 */
            repeats: number;
        };
        ProbeHook: {
            name: string;
            reason?: string;
            state: string;
        };
        ProbeInputBody: {
            /**
             * Format: int32
             * @description The process's number in the host's own pid namespace
             */
            pid: number;
            /**
             * Format: int64
             * @description Its start, as in its key, so that no other process that got its number is meant
             */
            start?: number;
        };
        ProbesResult: {
            detail: string;
            id: string;
            /** Format: double */
            milliseconds: number;
            /** Format: int64 */
            more?: number;
            probes?: components["schemas"]["Probe"][] | null;
            state: string;
        };
        Problem: {
            file: string;
            /** Format: int64 */
            line?: number;
            reason: string;
        };
        Process: {
            alerts: string[];
            command_line: string;
            container?: components["schemas"]["EventContainer"];
            context?: components["schemas"]["EventContext"];
            executable: string;
            host: components["schemas"]["EventHost"];
            key: string;
            parent: string;
            /** Format: int32 */
            pid: number;
            /** Format: date-time */
            start?: string;
            user: string;
        };
        Proposal: {
            /** Format: date-time */
            dismissed?: string;
            dismissed_by?: string;
            /** Format: int64 */
            firings: number;
            /** Format: date-time */
            first: string;
            /** Format: int64 */
            hosts: number;
            id: string;
            /** Format: date-time */
            last: string;
            rule: components["schemas"]["AlertRule"];
            selection: string;
        };
        ProvenanceAnswer: {
            /** Format: date-time */
            as_of?: string;
            evidence?: string[] | null;
            incomplete?: string[] | null;
            /** Format: int64 */
            more?: number;
            state: string;
        };
        ProvenanceChange: {
            action: string;
            added?: string[] | null;
            by?: string;
            class: string;
            cut?: boolean;
            path: string;
            process?: string;
            ran?: string[] | null;
            removed?: string[] | null;
            /** Format: date-time */
            time: string;
            undone?: boolean;
            /** Format: date-time */
            undone_at?: string;
        };
        ProvenanceEdge: {
            boot?: string;
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            count: number;
            /** Format: date-time */
            first: string;
            from: string;
            /** Format: date-time */
            last: string;
            op: string;
            /** Format: int64 */
            seq?: number;
            to: string;
        };
        ProvenanceFile: {
            by?: string;
            executable?: boolean;
            executed?: boolean;
            from?: string;
            gone: boolean;
            /** Format: date-time */
            gone_at?: string;
            inode: string;
            memory?: boolean;
            names?: string[] | null;
            path: string;
            process?: string;
            sha256?: string;
            /** Format: int64 */
            size?: number;
            /** Format: date-time */
            time: string;
        };
        ProvenanceGraph: {
            alert?: string;
            edges: components["schemas"]["ProvenanceEdge"][] | null;
            entry?: string;
            intrusion?: string;
            /** Format: int64 */
            left?: number;
            nodes: components["schemas"]["ProvenanceNode"][] | null;
            stopped?: string;
            stored?: components["schemas"]["ProvenanceStored"];
        };
        ProvenanceIntrusion: {
            /** Format: int64 */
            alive: number;
            answers: {
                [key: string]: components["schemas"]["ProvenanceAnswer"];
            };
            files: components["schemas"]["ProvenanceFile"][] | null;
            graph: components["schemas"]["ProvenanceGraph"];
            host: components["schemas"]["EventHost"];
            id: string;
            merged_into?: string;
            /** Format: int64 */
            more_roots?: number;
            /** Format: date-time */
            opened: string;
            org?: string;
            peers: components["schemas"]["ProvenancePeer"][] | null;
            persistence: components["schemas"]["ProvenanceChange"][] | null;
            privilege?: string[] | null;
            processes: components["schemas"]["ProvenanceProcess"][] | null;
            pruned?: components["schemas"]["ProvenancePruned"];
            reads: components["schemas"]["ProvenanceRead"][] | null;
            /** Format: int64 */
            revision: number;
            roots: components["schemas"]["ProvenanceRoot"][] | null;
            service?: string;
            stages: components["schemas"]["ProvenanceStage"][] | null;
            /** Format: date-time */
            updated: string;
        };
        ProvenanceNode: {
            context?: string;
            /** Format: int64 */
            count?: number;
            executable?: string;
            exited?: boolean;
            gone?: boolean;
            id: string;
            inode?: string;
            label: string;
            members?: string[] | null;
            path?: string;
            process?: string;
            roles?: string[] | null;
            stored?: boolean;
            /** Format: date-time */
            time?: string;
            type: string;
            user?: string;
        };
        ProvenancePeer: {
            by?: string;
            /** Format: int64 */
            bytes_in?: number;
            /** Format: int64 */
            bytes_out?: number;
            /** Format: int64 */
            count: number;
            failed?: boolean;
            /** Format: date-time */
            first: string;
            host?: string;
            inbound?: boolean;
            inside?: boolean;
            ip?: string;
            /** Format: date-time */
            last: string;
            name?: string;
            /** Format: int32 */
            port?: number;
            process?: string;
        };
        ProvenanceProcess: {
            alive: boolean;
            brought?: boolean;
            command_line?: string;
            executable?: string;
            key: string;
            /** Format: date-time */
            start: string;
            user?: string;
        };
        ProvenancePruned: {
            /** Format: int64 */
            files?: number;
            /** Format: int64 */
            peers?: number;
            /** Format: int64 */
            persistence?: number;
            /** Format: int64 */
            privilege?: number;
            /** Format: int64 */
            processes?: number;
            /** Format: int64 */
            reads?: number;
            /** Format: int64 */
            roots?: number;
            /** Format: int64 */
            taints?: number;
        };
        ProvenanceRead: {
            by?: string;
            class: string;
            /** Format: int64 */
            count: number;
            denied?: boolean;
            /** Format: date-time */
            first: string;
            path: string;
            /** Format: int64 */
            size?: number;
        };
        ProvenanceRoot: {
            command_line?: string;
            joined?: string;
            kind?: string;
            lineage?: string;
            process: string;
            source?: string;
            /** Format: date-time */
            time: string;
            user?: string;
        };
        ProvenanceStage: {
            alert?: string;
            /** Format: int64 */
            count?: number;
            evidence?: string;
            incomplete?: string[] | null;
            /** Format: date-time */
            last?: string;
            stage: string;
            state: string;
            /** Format: date-time */
            time?: string;
        };
        ProvenanceStored: {
            /** Format: int64 */
            events: number;
            /** Format: date-time */
            from?: string;
            /** Format: date-time */
            to?: string;
        };
        PushInputBody: {
            /** @description Text of each file by its path within the pack; rules are *.yml and *.yaml, lists of placeholders lists/*.txt */
            files: {
                [key: string]: string;
            };
            /** @description Leave invalid files out instead of refusing the pack */
            skip_invalid?: boolean;
        };
        Record: {
            action: string;
            /** Format: int64 */
            count?: number;
            id: string;
            /** Format: int64 */
            size?: number;
            subject: string;
            time: string;
        };
        Records: {
            /** Format: int64 */
            count: number;
            records: components["schemas"]["Record"][] | null;
        };
        Reloaded: {
            packs: string[];
        };
        Report: {
            /** Format: int64 */
            files: number;
            invalid: components["schemas"]["Problem"][] | null;
            /** Format: int64 */
            loaded: number;
            /** Format: int64 */
            rules: number;
            unsupported: components["schemas"]["Problem"][] | null;
        };
        ResponseAction: {
            action: string;
            approved_by?: string;
            arguments: {
                [key: string]: string;
            };
            by: string;
            command?: string;
            detail?: string;
            /** Format: date-time */
            ended?: string;
            /** Format: date-time */
            expires?: string;
            host: string;
            id: string;
            incident?: string;
            /** Format: date-time */
            proposed: string;
            reason: string;
            /** Format: date-time */
            sent?: string;
            state: string;
            subject: string;
            undo_command?: string;
            undo_detail?: string;
            /** Format: date-time */
            undone?: string;
            undone_by?: string;
        };
        ResponsePreview: {
            detail?: string;
            reverted?: components["schemas"]["Reverted"];
            state: string;
            taken?: components["schemas"]["Taken"];
            tree?: components["schemas"]["Tree"];
            undone?: components["schemas"]["Undone"];
        };
        RestoreInputBody: {
            /** Format: int64 */
            version: number;
        };
        Result: {
            detail: string;
            id: string;
            /** Format: double */
            milliseconds: number;
            state: string;
        };
        Reverted: {
            after: string;
            before: string;
            dry_run?: boolean;
            lines: number[] | null;
            path: string;
            record?: string;
            refused?: string;
        };
        Rule: {
            enabled: boolean;
            file: string;
            in_force: boolean;
            level?: string;
            /** Format: int64 */
            line: number;
            logsource: string;
            pack: string;
            rule: string;
            tactics?: string[] | null;
            techniques?: string[] | null;
            title: string;
        };
        Sibling: {
            id: string;
            name?: string;
            service: string;
        };
        Source: {
            enabled: boolean;
            file: string;
            in_force: boolean;
            level?: string;
            /** Format: int64 */
            line: number;
            logsource: string;
            pack: string;
            rule: string;
            tactics?: string[] | null;
            techniques?: string[] | null;
            text: string;
            title: string;
        };
        Stat: {
            exists: boolean;
            hash?: components["schemas"]["EventHash"];
            inode?: string;
            mode?: string;
            /** Format: date-time */
            mtime?: string;
            same?: boolean;
            /** Format: int64 */
            size: number;
            type?: string;
        };
        StatInputBody: {
            /** @description Id of the container that the path is in; the host itself where empty */
            container?: string;
            /** @description The file that is meant: the answer says whether it is the same */
            inode?: string;
            /** @description Absolute, as processes of the host or of the container have it */
            path: string;
        };
        StatResult: {
            detail: string;
            id: string;
            /** Format: double */
            milliseconds: number;
            stat?: components["schemas"]["Stat"];
            state: string;
        };
        Status: {
            /** Format: int64 */
            alerts: number;
            coverage: components["schemas"]["Class"][];
            engine: components["schemas"]["StatusEngineStruct"];
            hosts: components["schemas"]["StatusHostsStruct"];
            incidents: components["schemas"]["StatusIncidentsStruct"];
            /** Format: int64 */
            lost: number;
            /** Format: int64 */
            spool_bytes: number;
            tiers: {
                [key: string]: number;
            };
            version: string;
        };
        StatusEngineStruct: {
            /** Format: int64 */
            lag: number;
            /** Format: int64 */
            last: number;
            /** Format: int64 */
            position: number;
        };
        StatusHostsStruct: {
            /** Format: int64 */
            armed: number;
            /** Format: int64 */
            connected: number;
            /** Format: int64 */
            revoked: number;
            /** Format: int64 */
            total: number;
        };
        StatusIncidentsStruct: {
            /** Format: int64 */
            closed: number;
            /** Format: int64 */
            open: number;
        };
        Taken: {
            dry_run?: boolean;
            inode: string;
            /** Format: int64 */
            links?: number;
            path: string;
            record?: string;
            refused?: string;
            running?: string[] | null;
            sha256: string;
            /** Format: int64 */
            size: number;
        };
        Terms: {
            /** @description A duration like 168h, at most 90 days */
            life: string;
            /** @description Who answers for it; who adds it where empty */
            owner?: string;
            reason: string;
        };
        Token: {
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            expires: string;
            id: string;
            name: string;
            role: string;
            token?: string;
            user: string;
        };
        Tree: {
            /** Format: int64 */
            count: number;
            dry_run?: boolean;
            /** Format: int64 */
            groups?: number;
            hierarchy?: string;
            members: components["schemas"]["Member"][] | null;
            record?: string;
            refused?: string;
            waiting?: boolean;
        };
        Undone: {
            action: string;
            /** Format: int64 */
            count?: number;
            detail?: string;
            dry_run?: boolean;
            path?: string;
            record: string;
        };
        User: {
            /** Format: date-time */
            created?: string;
            name: string;
            one_time_password?: string;
            org: string;
            password_set: boolean;
            role: string;
        };
        UserPasswordInputBody: {
            /** @description Empty for a one-time password in the answer */
            password?: string;
        };
        Version: {
            author: string;
            /** Format: date-time */
            created: string;
            digest: string;
            report: components["schemas"]["Report"];
            source: string;
            /**
             * Format: int64
             * @description Number of the version
             */
            version: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "list-alerts": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
                /** @description Fired at or after: RFC 3339, or a duration back from now */
                since?: string;
                /** @description Host id */
                host?: string;
                /** @description Incident id */
                incident?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsAlert"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-alert": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-alert-provenance": {
        parameters: {
            query?: {
                /** @description Where the way back leaves what is remembered, continue it in stored telemetry; takes up to 20 s */
                stored?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertProvenance"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-api-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsToken"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-api-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiTokenInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-api-token": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-audit": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsAuditEntry"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-decisions": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
                /** @description Only decisions about this incident, or one that became part of it */
                incident?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsDecision"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    decide: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentDecision"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "withdraw-decision": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-evidence": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
                /** @description Of this host */
                host?: string;
                /** @description Asked for on behalf of this alert */
                alert?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsEvidence"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "collect-evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CollectInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Evidence"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-evidence": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Custody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-evidence": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "export-evidence": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsProposal"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "accept-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Terms"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exception"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "dismiss-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "reconsider-proposal": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-exceptions": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsException"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-exception": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddExceptionInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exception"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "preview-exception": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-exception": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-hidden-firings": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsFiring"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "export-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-hosts": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsHost"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-host": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-host-events": {
        parameters: {
            query: {
                /** @description RFC 3339 by the host's clock, or the number of an event of boot */
                around: string;
                /** @description Boot whose events they are; empty for any */
                boot?: string;
                /** @description Key of the process that acted; empty for all */
                process?: string;
                before?: number;
                after?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NearbyEvents"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "ping-host": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Result"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "attach-probe": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProbeInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProbesResult"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "detach-probe": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProbeInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProbesResult"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-probes": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProbesResult"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "host-records": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Records"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "revoke-host": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "stat-host": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatResult"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-incidents": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
                status?: "open" | "closed";
                /** @description Include the incidents that became part of another */
                merged?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsIncident"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-incident": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incident"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-incident-alerts": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsAlert"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-incident-processes": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsProcess"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-intrusion": {
        parameters: {
            query: {
                id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProvenanceIntrusion"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-intrusions": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
                /** @description Host id */
                host?: string;
                /** @description Include the intrusions that became part of another */
                merged?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsIntrusion"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsAssignment"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "assign-labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AssignInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assignment"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-labels": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "set-my-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordInputBody"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-reasons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsTaught"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-responses": {
        parameters: {
            query?: {
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
                order?: "oldest" | "newest";
                /** @description On this host */
                host?: string;
                /** @description For this incident */
                incident?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsResponseAction"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    respond: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ActionBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseAction"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "preview-response": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ActionBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponsePreview"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "propose-response": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ActionBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseAction"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-response": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseAction"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "approve-response": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseAction"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "undo-response": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponseAction"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "preview-undo": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResponsePreview"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-rule-packs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsPack"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "reload-rule-packs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reloaded"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "push-rule-pack": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PushInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pack"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "enable-rule-pack": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnablePackInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pack"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "restore-rule-pack": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RestoreInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pack"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-pack-versions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsVersion"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-rules": {
        parameters: {
            query?: {
                /** @description Rules of one pack */
                pack?: string;
                /** @description The field next of the page before; empty for the first */
                cursor?: string;
                /** @description Items a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsCountedRule"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "enable-rule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnableRuleInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-rule-source": {
        parameters: {
            query: {
                /** @description Id of the rule, or PACK/FILE where it has none */
                rule: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Source"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "get-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    stream: {
        parameters: {
            query?: {
                /** @description As Last-Event-ID, for clients that cannot set headers */
                from?: number;
            };
            header?: {
                "Last-Event-ID"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-enrol-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrolInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolToken"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "list-users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemsUser"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "add-user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddUserInputBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "remove-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
    "set-password": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserPasswordInputBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ErrorModel"];
                };
            };
        };
    };
}
