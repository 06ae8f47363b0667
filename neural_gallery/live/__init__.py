"""Looking at a site while it is made: a local server whose pages change as their sources do and as pairs are painted.

`LiveSite` holds the site at this moment, `watching` tells when its sources change, `Easel` paints what is missing, and
the server shows it all to browsers, which hear of changes by Server-Sent Events. What happens is told as records.
"""
